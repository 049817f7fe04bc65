using System.Buffers;

namespace Fts.Storage.Local.Portable;

/// <summary>What Windows reads in names: streams (<c>name:stream</c>), drives (<c>C:name</c>), separators, devices, and endings that it drops.</summary>
internal static class WindowsNames
{
    private static readonly SearchValues<char> s_special = SearchValues.Create("\"<>|:*?\\/");
    private static readonly string[] s_devices = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

    /// <summary>Whether a name is taken for itself, and for nothing else.</summary>
    public static bool IsValid(string name) => !name.AsSpan().ContainsAny(s_special) && !name.AsSpan().ContainsAnyInRange('\0', '\x1F')
        && !name.EndsWith('.') && !name.EndsWith(' ') && !IsDeviceName(name);

    /// <summary>A device lies in every folder, whatever follows its name after a dot. Its number may be written high, and blanks before the dot are dropped.</summary>
    private static bool IsDeviceName(string name)
    {
        ReadOnlySpan<char> stem = name.AsSpan(0, name.IndexOf('.') is >= 0 and int dot ? dot : name.Length).TrimEnd(' ');
        if (stem.Length == 4 && (stem[3] is (>= '0' and <= '9') or '¹' or '²' or '³'))
        {
            return stem.StartsWith("COM", StringComparison.OrdinalIgnoreCase) || stem.StartsWith("LPT", StringComparison.OrdinalIgnoreCase);
        }

        foreach (string device in s_devices)
        {
            if (stem.Equals(device, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
