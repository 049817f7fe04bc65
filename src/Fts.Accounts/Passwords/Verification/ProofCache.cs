using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Fts.Accounts.Passwords.Verification;

/// <summary>The keyed digest of an account, the text of its hash, and a password.</summary>
internal readonly record struct Proof(UInt128 High, UInt128 Low);

/// <summary>
/// Remembers successful verifications for a short time. Contains no passwords, but digests with a random key of this object. A changed hash
/// has another digest, so that the old password is not found.
/// </summary>
/// <param name="lifetime">The time for which a proof is remembered. Zero disables the cache.</param>
/// <param name="maxCount">The maximum number of proofs.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class ProofCache(TimeSpan lifetime, int maxCount, TimeProvider timeProvider)
{
    private const int MaxStackBytes = 1024;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly Lock _lock = new();

    // Guarded by _lock. All proofs have the same lifetime, so the queue is in the order of expiry.
    private readonly Dictionary<Proof, bool> _needsUpgrade = [];
    private readonly Queue<(Proof Proof, long Created)> _order = new();

    /// <summary>The number of proofs, including expired ones that were not yet removed.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _order.Count;
            }
        }
    }

    /// <summary>Returns the proof for an account, the text of its hash, and a password.</summary>
    public Proof CreateProof(string account, string hash, string password)
    {
        // The lengths separate the parts: "ab" + "c" and "a" + "bc" have different proofs.
        int length = (2 * sizeof(int)) + (sizeof(char) * (account.Length + hash.Length + password.Length));
        Span<byte> input = length <= MaxStackBytes ? stackalloc byte[MaxStackBytes] : new byte[length];
        input = input[..length];
        MemoryMarshal.Write(input, account.Length);
        MemoryMarshal.Write(input[sizeof(int)..], hash.Length);
        Span<char> text = MemoryMarshal.Cast<byte, char>(input[(2 * sizeof(int))..]);
        account.CopyTo(text);
        hash.CopyTo(text[account.Length..]);
        password.CopyTo(text[(account.Length + hash.Length)..]);

        Span<byte> digest = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, input, digest);
        CryptographicOperations.ZeroMemory(input);
        return MemoryMarshal.Read<Proof>(digest);
    }

    /// <summary>Returns whether a proof is remembered.</summary>
    /// <param name="proof">The proof.</param>
    /// <param name="needsUpgrade">The value that was added with the proof.</param>
    /// <remarks>
    /// The lookup is not in constant time. Its duration depends on the digest, which a client cannot predict without the key.
    /// </remarks>
    public bool TryFind(Proof proof, out bool needsUpgrade)
    {
        lock (_lock)
        {
            RemoveExpired();
            return _needsUpgrade.TryGetValue(proof, out needsUpgrade);
        }
    }

    /// <summary>Remembers a proof. Evicts the oldest one if there are too many. Does not extend the time of a known proof.</summary>
    public void Add(Proof proof, bool needsUpgrade)
    {
        if (lifetime == TimeSpan.Zero || maxCount == 0)
        {
            return;
        }

        lock (_lock)
        {
            RemoveExpired();
            if (_needsUpgrade.TryAdd(proof, needsUpgrade))
            {
                _order.Enqueue((proof, timeProvider.GetTimestamp()));
                if (_order.Count > maxCount)
                {
                    _needsUpgrade.Remove(_order.Dequeue().Proof);
                }
            }
        }
    }

    private void RemoveExpired()
    {
        while (_order.TryPeek(out (Proof Proof, long Created) oldest) && timeProvider.GetElapsedTime(oldest.Created) >= lifetime)
        {
            _order.Dequeue();
            _needsUpgrade.Remove(oldest.Proof);
        }
    }
}
