using System.Collections;
using System.Collections.Frozen;
using Fts.Accounts.Settings;

namespace Fts.Serving.Accounts;

/// <summary>
/// The key fingerprints of all accounts. The TLS handshakes of clients read it, and a change of an account replaces its content.
/// Thread-safe.
/// </summary>
internal sealed class AccountKeys(AccountSnapshot snapshot) : IReadOnlyCollection<string>, ICollection<string>
{
    private volatile FrozenSet<string> _keys = GetKeys(snapshot);

    public int Count => _keys.Count;

    public bool IsReadOnly => true;

    /// <summary>Replaces the content.</summary>
    public void Update(AccountSnapshot current) => _keys = GetKeys(current);

    public bool Contains(string item) => _keys.Contains(item);

    public void CopyTo(string[] array, int arrayIndex) => ((ICollection<string>)_keys).CopyTo(array, arrayIndex);

    public IEnumerator<string> GetEnumerator() => ((IEnumerable<string>)_keys).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Add(string item) => throw new NotSupportedException();

    public void Clear() => throw new NotSupportedException();

    public bool Remove(string item) => throw new NotSupportedException();

    private static FrozenSet<string> GetKeys(AccountSnapshot snapshot) =>
        snapshot.Accounts.SelectMany(account => account.Value.KeyFingerprints).ToFrozenSet(StringComparer.Ordinal);
}
