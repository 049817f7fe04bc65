using System.Buffers;

namespace Fts.Storage;

/// <summary>Checks whether Windows accepts a file name. The checks work on every operating system.</summary>
public static class WindowsFileNames
{
    private static readonly SearchValues<char> s_invalidCharacters = SearchValues.Create("\"<>|:*?\\/");
    private static readonly string[] s_deviceNames = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

    /// <summary>
    /// Returns whether Windows uses the name unchanged as a file name. Returns false if the name is a device name, ends with a dot or a
    /// space, or contains a control character or one of the characters <c>" &lt; &gt; | : * ? \ /</c>.
    /// </summary>
    /// <param name="name">One component of a path.</param>
    public static bool IsValid(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return !name.AsSpan().ContainsAny(s_invalidCharacters) && !name.AsSpan().ContainsAnyInRange('\0', '\x1F')
            && !name.EndsWith('.') && !name.EndsWith(' ') && !IsDeviceName(name);
    }

    /// <summary>
    /// Returns whether Windows opens a device instead of a file of this name, such as <c>NUL</c> or <c>com1.log</c>. Device names exist in
    /// every directory and ignore case.
    /// </summary>
    /// <param name="name">
    /// One component of a path. Like Windows, the check ignores the first dot or colon, the text after it, and the spaces before it.
    /// </param>
    public static bool IsDeviceName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        ReadOnlySpan<char> stem = name.AsSpan(0, name.AsSpan().IndexOfAny('.', ':') is >= 0 and int end ? end : name.Length).TrimEnd(' ');
        // Windows also accepts the superscript digits 1 to 3 as port numbers.
        if (stem.Length == 4 && (stem[3] is (>= '0' and <= '9') or '¹' or '²' or '³'))
        {
            return stem.StartsWith("COM", StringComparison.OrdinalIgnoreCase) || stem.StartsWith("LPT", StringComparison.OrdinalIgnoreCase);
        }

        foreach (string device in s_deviceNames)
        {
            if (stem.Equals(device, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
