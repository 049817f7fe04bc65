namespace Fts.Storage;

/// <summary>
/// An absolute, normalised virtual path: <c>/</c>, or <c>/a/b</c> without empty, <c>.</c> or <c>..</c> components. A value of this type cannot
/// spell an escape; every name a client sends becomes one before anything else looks at it.
/// </summary>
/// <remarks>
/// A name that is not UTF-8 has a text too: each byte 0xNN that is not part of valid UTF-8 is the lone surrogate U+DCNN (RFC 2640 §3.1).
/// </remarks>
public readonly struct StorePath : IEquatable<StorePath>
{
    /// <summary>The most characters a path may have.</summary>
    public const int MaxLength = 4096;

    /// <summary>The most bytes that one component may have; what Linux file systems allow.</summary>
    public const int MaxNameBytes = 255;

    /// <summary>The most components a path may have.</summary>
    public const int MaxDepth = 256;

    private readonly string? _value;

    private StorePath(string value) => _value = value;

    /// <summary>The top folder, <c>/</c>.</summary>
    public static StorePath Root => default;

    /// <summary>The path as text, starting with <c>/</c>.</summary>
    public string Value => _value ?? "/";

    /// <summary>Whether this is the top folder.</summary>
    public bool IsRoot => _value is null;

    /// <summary>The last component; empty for the top folder.</summary>
    public string Name => _value is null ? "" : _value[(_value.LastIndexOf('/') + 1)..];

    /// <summary>The folder this path lies in; the top folder lies in itself.</summary>
    public StorePath Parent => _value is null || _value.LastIndexOf('/') == 0 ? Root : new StorePath(_value[.._value.LastIndexOf('/')]);

    /// <summary>The path without its leading slash, as a name relative to a root's handle; empty for the top folder.</summary>
    internal string Relative => _value is null ? "" : _value[1..];

    /// <summary>
    /// Reads a path as a client sends it: absolute, or relative to this one. <c>..</c> stops at the top, as in a chroot. Null when it holds a NUL, CR or LF,
    /// has a lone surrogate that does not represent such a byte, or passes a limit of this type.
    /// </summary>
    public StorePath? Resolve(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > MaxLength || text.AsSpan().ContainsAny('\0', '\r', '\n'))
        {
            return null;
        }

        var names = new List<string>();
        if (!text.StartsWith('/') && _value is not null)
        {
            names.AddRange(_value[1..].Split('/'));
        }

        foreach (Range part in text.AsSpan().Split('/'))
        {
            ReadOnlySpan<char> name = text.AsSpan()[part];
            if (name is "" or ".")
            {
                continue;
            }

            if (name is "..")
            {
                names.RemoveRange(Math.Max(0, names.Count - 1), Math.Min(1, names.Count));
            }
            else if (names.Count == MaxDepth || !IsName(name))
            {
                return null;
            }
            else
            {
                names.Add(name.ToString());
            }
        }

        string value = "/" + string.Join('/', names);
        return names.Count == 0 ? Root : value.Length > MaxLength ? null : new StorePath(value);
    }

    /// <summary>The path of an entry of this folder.</summary>
    /// <exception cref="ArgumentException"><paramref name="name"/> is not one component.</exception>
    public StorePath Child(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name is "" or "." or ".." || name.AsSpan().ContainsAny("/\0\r\n") || !IsName(name))
        {
            throw new ArgumentException("Not the name of an entry.", nameof(name));
        }

        return new StorePath(_value + "/" + name);
    }

    /// <summary>Whether this path is <paramref name="directory"/> or lies below it.</summary>
    public bool IsWithin(StorePath directory) =>
        directory.IsRoot || Equals(directory) || (Value.StartsWith(directory.Value, StringComparison.Ordinal) && Value[directory.Value.Length] == '/');

    /// <inheritdoc/>
    public bool Equals(StorePath other) => string.Equals(_value, other._value, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is StorePath other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);

    /// <summary>The path as text.</summary>
    public override string ToString() => Value;

    /// <summary>Whether two paths are the same, character by character.</summary>
    public static bool operator ==(StorePath left, StorePath right) => left.Equals(right);

    /// <summary>Whether two paths differ.</summary>
    public static bool operator !=(StorePath left, StorePath right) => !left.Equals(right);

    /// <summary>
    /// A name has one spelling only: escaped bytes that together are UTF-8 are refused, because the store would be given a name that was not checked.
    /// </summary>
    private static bool IsName(ReadOnlySpan<char> name) => EscapedUtf8.IsCanonical(name) && EscapedUtf8.GetByteCount(name) <= MaxNameBytes;
}
