using System.Globalization;
using System.IO.Hashing;
using System.Security.Cryptography;

namespace Fts.Server.Hashing;

/// <summary>The hash algorithms of the server.</summary>
internal enum HashKind
{
    Sha256,
    Sha512,
    Sha1,
    Md5,
    Crc32,
}

/// <summary>The names of the algorithms in the protocol (draft-bryan-ftpext-hash §3.1).</summary>
internal static class HashNames
{
    private static readonly (HashKind Kind, string Name)[] All =
    [
        (HashKind.Sha256, "SHA-256"), (HashKind.Sha512, "SHA-512"), (HashKind.Sha1, "SHA-1"), (HashKind.Md5, "MD5"),
        (HashKind.Crc32, "CRC32"),
    ];

    /// <summary>Returns the name of the algorithm for HASH, OPTS HASH and FEAT.</summary>
    public static string ToWireName(this HashKind kind) => All.First(entry => entry.Kind == kind).Name;

    /// <summary>Returns the algorithm with this name, ignoring case, or null if no algorithm has this name.</summary>
    public static HashKind? Parse(string name)
    {
        foreach ((HashKind kind, string known) in All)
        {
            if (string.Equals(name, known, StringComparison.OrdinalIgnoreCase))
            {
                return kind;
            }
        }

        return null;
    }

    /// <summary>Returns all names for FEAT, separated by semicolons. An asterisk follows the selected name.</summary>
    public static string FormatForFeat(HashKind selected) =>
        string.Join(';', All.Select(entry => entry.Kind == selected ? entry.Name + "*" : entry.Name));
}

/// <summary>Computes one hash incrementally. The creator disposes this object.</summary>
internal sealed class Digest(HashKind kind) : IDisposable
{
    private readonly Crc32? _crc = kind == HashKind.Crc32 ? new Crc32() : null;

    private readonly IncrementalHash? _hash = kind switch
    {
        HashKind.Sha256 => IncrementalHash.CreateHash(HashAlgorithmName.SHA256),
        HashKind.Sha512 => IncrementalHash.CreateHash(HashAlgorithmName.SHA512),
        HashKind.Sha1 => IncrementalHash.CreateHash(HashAlgorithmName.SHA1),
        HashKind.Md5 => IncrementalHash.CreateHash(HashAlgorithmName.MD5),
        _ => null,
    };

    /// <summary>Adds bytes to the hash.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        _crc?.Append(bytes);
        _hash?.AppendData(bytes);
    }

    /// <summary>Completes and returns the hash in lower-case hexadecimal digits. A CRC starts with the most significant digit.</summary>
    public string Finish() =>
        _crc?.GetCurrentHashAsUInt32().ToString("x8", CultureInfo.InvariantCulture) ?? Convert.ToHexStringLower(_hash!.GetHashAndReset());

    public void Dispose() => _hash?.Dispose();
}
