namespace Fts.Storage;

/// <summary>
/// An absolute, normalised virtual path: <c>/</c>, or <c>/a/b</c> without empty, <c>.</c> or <c>..</c> components. This type cannot express
/// a path outside the store. Every path that a client sends is converted to this type before it is used.
/// </summary>
/// <remarks>
/// Names that are not UTF-8 are supported (RFC 2640 §3.1). Each byte 0xNN that is not part of valid UTF-8 is represented by the lone
/// surrogate U+DCNN.
/// </remarks>
public readonly struct StorePath : IEquatable<StorePath>
{
    /// <summary>
    /// The maximum number of characters (UTF-16 code units) of a path that <see cref="Resolve"/> accepts or returns. <see cref="Child"/>
    /// does not check the length.
    /// </summary>
    public const int MaxLength = 4096;

    /// <summary>The maximum number of bytes of one component, as in Linux file systems.</summary>
    public const int MaxNameBytes = 255;

    /// <summary>
    /// The maximum number of components of a path that <see cref="Resolve"/> returns. <see cref="Child"/> does not check the number.
    /// </summary>
    public const int MaxDepth = 256;

    private readonly string? _value;

    private StorePath(string value) => _value = value;

    /// <summary>The root, <c>/</c>.</summary>
    public static StorePath Root => default;

    /// <summary>The path as text, starting with <c>/</c>.</summary>
    public string Value => _value ?? "/";

    /// <summary>Whether this path is the root.</summary>
    public bool IsRoot => _value is null;

    /// <summary>The last component, or an empty string for the root.</summary>
    public string Name => _value is null ? "" : _value[(_value.LastIndexOf('/') + 1)..];

    /// <summary>The path of the containing directory. The parent of the root is the root.</summary>
    public StorePath Parent => _value is null || _value.LastIndexOf('/') == 0 ? Root : new StorePath(_value[.._value.LastIndexOf('/')]);

    /// <summary>The path without its leading slash, or an empty string for the root.</summary>
    internal string Relative => _value is null ? "" : _value[1..];

    /// <summary>
    /// Resolves a path that a client sent: absolute, or relative to this directory. The parent (<c>..</c>) of the root is the root.
    /// </summary>
    /// <returns>
    /// The path, or null if the text contains NUL, CR, LF or a lone surrogate that does not represent a byte of invalid UTF-8, or exceeds a
    /// limit of this type.
    /// </returns>
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
            else if (names.Count == MaxDepth || !IsValidName(name))
            {
                return null;
            }
            else
            {
                names.Add(name.ToString());
            }
        }

        string value = "/" + string.Join('/', names);
        if (names.Count == 0)
        {
            return Root;
        }

        return value.Length > MaxLength ? null : new StorePath(value);
    }

    /// <summary>Returns the path of an entry in this directory.</summary>
    /// <exception cref="ArgumentException"><paramref name="name"/> is not a valid component.</exception>
    public StorePath Child(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name is "" or "." or ".." || name.AsSpan().ContainsAny("/\0\r\n") || !IsValidName(name))
        {
            throw new ArgumentException(
                $"The name is empty, \".\", \"..\" or longer than {MaxNameBytes} bytes, or contains a slash, NUL, CR, LF or invalid text.",
                nameof(name));
        }

        return new StorePath(_value + "/" + name);
    }

    /// <summary>Returns whether this path is <paramref name="directory"/> or is located below it.</summary>
    public bool IsWithin(StorePath directory) =>
        directory.IsRoot
        || Equals(directory)
        || (Value.StartsWith(directory.Value, StringComparison.Ordinal) && Value[directory.Value.Length] == '/');

    /// <summary>Returns the path without its first components, or the root if it has no more components.</summary>
    internal StorePath SkipComponents(int count)
    {
        int start = 0;
        for (; count > 0 && start >= 0; count--)
        {
            start = Value.IndexOf('/', start + 1);
        }

        return start < 0 ? Root : start == 0 ? this : new StorePath(Value[start..]);
    }

    /// <summary>The number of components. The root has none.</summary>
    internal int Depth => _value is null ? 0 : _value.AsSpan().Count('/');

    /// <summary>Returns the path in which each component is replaced by <see cref="NameFolding.Fold"/>.</summary>
    internal StorePath FoldNames() =>
        _value is null ? this : new StorePath("/" + string.Join('/', _value[1..].Split('/').Select(NameFolding.Fold)));

    /// <summary>Returns the path of the same entry as seen from the store into which this path's store is mounted.</summary>
    internal StorePath Prepend(StorePath directory) =>
        directory.IsRoot ? this : IsRoot ? directory : new StorePath(directory.Value + Value);

    /// <inheritdoc/>
    public bool Equals(StorePath other) => string.Equals(_value, other._value, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is StorePath other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);

    /// <summary>Returns <see cref="Value"/>.</summary>
    public override string ToString() => Value;

    /// <summary>Returns whether two paths are equal. The comparison is ordinal and case-sensitive.</summary>
    public static bool operator ==(StorePath left, StorePath right) => left.Equals(right);

    /// <summary>Returns whether two paths differ.</summary>
    public static bool operator !=(StorePath left, StorePath right) => !left.Equals(right);

    /// <summary>
    /// Returns whether a name is short enough and in canonical form. A name is not canonical if its lone surrogates represent bytes that
    /// together are valid UTF-8. Such a name is refused, because it would bypass the check for reserved names.
    /// </summary>
    private static bool IsValidName(ReadOnlySpan<char> name) =>
        EscapedUtf8.IsCanonical(name) && EscapedUtf8.GetByteCount(name) <= MaxNameBytes;
}
