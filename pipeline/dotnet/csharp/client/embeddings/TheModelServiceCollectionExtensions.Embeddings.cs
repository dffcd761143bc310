#nullable enable

namespace Microsoft.Extensions.DependencyInjection;

// Only of a model that turns a text into a vector: its generator is registered with it.
public static partial class TheModelServiceCollectionExtensions
{
    static partial void AddMore(IServiceCollection services, string? key)
    {
        if (key is null)
        {
            services.AddTheModelEmbeddings();
        }
        else
        {
            services.AddKeyedTheModelEmbeddings(key);
        }
    }
}
