using System.Globalization;
using System.IO.Hashing;
using System.Security.Cryptography;

namespace Fts.Server.Hashing;

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
