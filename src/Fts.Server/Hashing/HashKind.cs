using System.Globalization;
using System.IO.Hashing;
using System.Security.Cryptography;

namespace Fts.Server.Hashing;

/// <summary>The hashes the server computes.</summary>
internal enum HashKind
{
    Sha256,
    Sha512,
    Sha1,
    Md5,
    Crc32,
}

/// <summary>Their names on the wire (draft-bryan-ftpext-hash §3.1).</summary>
internal static class HashNames
{
    private static readonly (HashKind Kind, string Name)[] All =
        [(HashKind.Sha256, "SHA-256"), (HashKind.Sha512, "SHA-512"), (HashKind.Sha1, "SHA-1"), (HashKind.Md5, "MD5"), (HashKind.Crc32, "CRC32")];

    public static string ToWireName(this HashKind kind) => All.First(one => one.Kind == kind).Name;

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

    /// <summary>All of them as FEAT lists them, the one in use with a star.</summary>
    public static string FormatForFeat(HashKind selected) => string.Join(';', All.Select(one => one.Kind == selected ? one.Name + "*" : one.Name));
}

/// <summary>One hash being computed. Disposed by whoever made it.</summary>
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

    public void Append(ReadOnlySpan<byte> bytes)
    {
        _crc?.Append(bytes);
        _hash?.AppendData(bytes);
    }

    /// <summary>The hash in lower-case hex; of a CRC, the number with its highest digit first.</summary>
    public string Finish() =>
        _crc?.GetCurrentHashAsUInt32().ToString("x8", CultureInfo.InvariantCulture) ?? Convert.ToHexStringLower(_hash!.GetHashAndReset());

    public void Dispose() => _hash?.Dispose();
}
