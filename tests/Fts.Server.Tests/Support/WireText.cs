using System.Buffers;
using System.Text;

namespace Fts.Server.Tests.Support;

/// <summary>Formats received bytes as in scripts: UTF-8 as text, any other byte as <c>\xNN</c>.</summary>
internal static class WireText
{
    public static string FromBytes(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) == OperationStatus.Done)
            {
                text.Append(rune.ToString());
            }
            else
            {
                length = 1;
                text.Append($"\\x{bytes[0]:x2}");
            }

            bytes = bytes[length..];
        }

        return text.ToString();
    }
}
