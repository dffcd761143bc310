/// <summary>Shared by the programs of the tests.</summary>
internal static class Failures
{
    /// <summary>Prints the type and the message of the exception that an action throws.</summary>
    public static void Print(string name, Action action)
    {
        try
        {
            action();
            Console.WriteLine("throws " + name + ": nothing");
        }
        catch (Exception error)
        {
            Console.WriteLine("throws " + name + ": " + error.GetType().Name + ": " + error.Message.Replace("\n", " "));
        }
    }
}
