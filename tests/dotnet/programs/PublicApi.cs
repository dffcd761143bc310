// What is difficult to read is not what is good to write.
#pragma warning disable
#nullable enable

namespace Acme
{
    using System;
    using System.Collections.Generic;
    using System.Threading;

    public interface IShape<in TKey, TValue> : IDisposable
        where TKey : notnull
    {
        string? Name { get; set; }

        TValue? Find(TKey key, bool exact = true);

        internal void Hidden();
    }

    internal interface IInternal : IFormattable
    {
    }

    [Flags]
    public enum Colors : short
    {
        None,
        Red = 0x10,
        Green,
    }

    /* public class NotThere { } */
    public abstract partial class Shape<T> : IShape<string, List<T?>>, IInternal
        where T : class
    {
        public const string Text = "a \"quoted\" { text; public int NotAMember;";

        public static readonly int[] Sizes = { 1, 2 };

        protected internal int count;

        private readonly int _field = 2;

        protected Shape(string name) => Name = name;

        public event EventHandler? Changed
        {
            add { }
            remove { }
        }

        public string? Name { get; set; }

        public int Count { get; private set; } = Sizes[0];

        public virtual double Area => _field * 1.5;

        public abstract string this[int index] { get; }

        public static Shape<T>? operator +(Shape<T> left, Shape<T> right) => left;

        public List<T?>? Find(string key, bool exact = true) => null;

        void IShape<string, List<T?>>.Hidden()
        {
        }

        public abstract void Dispose();

        public override string ToString() => $"{{{(Name is null ? "{" : Name)}}}" + @"\" + '"' + """public int Raw;""";

        string IFormattable.ToString(string? format, IFormatProvider? provider) => ToString();
    }

#if NET
    public readonly struct Point
    {
        public Point(int x) => X = x;

        public int X { get; }
    }
#elif NETSTANDARD2_0
    public struct Older
    {
        public int Value;
    }
#endif

    public sealed class Circle : Shape<Circle>
    {
        public Circle()
            : base("circle")
        {
        }

        public override string this[int index] => "";

        public sealed override void Dispose()
        {
        }

        public Dictionary<string, float[]?> Take(
            [System.Runtime.InteropServices.In] ref int number,
            out string? text,
            in long value,
            Colors color = Colors.Green,
            float factor = 1.5f,
            int? maybe = null,
            string? path = null,
            string label = "a, \"b\"",
            TimeSpan delay = default,
            CancellationToken cancellationToken = default(System.Threading.CancellationToken),
            params string?[]? rest)
        {
            text = null;
            return new Dictionary<string, float[]?>();
        }

        public TOut Convert<TIn, TOut>(Func<TIn, TOut?> convert, TIn value, int offset = -1)
            where TOut : class => convert(value)!;

        public sealed class Nested
        {
            public ReadOnlyMemory<byte> Bytes { get; set; }

            internal sealed class Deeper
            {
                public int NotVisible = 1;
            }
        }
    }

    public static class ShapeExtensions
    {
        public static void Draw(this Circle circle, long? width = 0x10)
        {
        }
    }

    public class Defaults
    {
    }

    internal class Invisible
    {
        public int NotVisible = 1;
    }
}
