using Fts.Storage;

namespace Fts.Accounts.Gate;

/// <summary>Renames entries for an account that cannot create and overwrite everything.</summary>
/// <param name="account">The account.</param>
/// <param name="store">The store of the files.</param>
internal readonly struct RenameGate(Account account, IFileStore store)
{
    /// <summary>Renames an entry. The caller has checked the permission to rename the source.</summary>
    /// <exception cref="StoreException">The account lacks a permission, or the store refuses the rename.</exception>
    /// <remarks>
    /// The store checks atomically that an account without <see cref="Permissions.Overwrite"/> replaces nothing. For an account without
    /// <see cref="Permissions.Create"/>, the target must exist when this check is made.
    /// </remarks>
    public async ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken)
    {
        bool canCreate = AccessRules.Decide(account.Rules, FileAction.RenameTo, target).IsAllowed;
        AccessDecision over = AccessRules.Decide(account.Rules, FileAction.RenameOver, target);
        bool canReplace = replace && over.IsAllowed;
        if (!canCreate)
        {
            bool exists = canReplace && await store.GetEntryAsync(target, cancellationToken).ConfigureAwait(false) is not null;
            Require(AccessRules.DecideTarget(account.Rules, target, exists, FileAction.RenameTo, FileAction.RenameOver));
        }

        await RequireSameAccessAsync(source, target, cancellationToken).ConfigureAwait(false);
        try
        {
            await store.RenameAsync(source, target, canReplace, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreException e) when (e.Error == StoreError.Exists && replace && !canReplace)
        {
            throw over.CreateException(account.Name);
        }
    }

    /// <summary>
    /// Refuses a move after which a link would bypass a rule. A link keeps its text. In another directory, it points to another entry,
    /// where stricter rules may apply. In a moved directory, such links are not known.
    /// </summary>
    private async ValueTask RequireSameAccessAsync(StorePath source, StorePath target, CancellationToken cancellationToken)
    {
        AccessDecision inTarget = AccessRules.DecideAlias(account.Rules, FileAction.RenameTo, target, alias: target);
        AccessDecision besideTarget = AccessRules.DecideAlias(account.Rules, FileAction.RenameTo, target.Parent, alias: target);
        if (inTarget.IsAllowed && (besideTarget.IsAllowed || source.Parent == target.Parent))
        {
            return;
        }

        FileEntry? entry = await FindInDirectoryAsync(source, cancellationToken).ConfigureAwait(false);
        if (entry is { Kind: EntryKind.Directory, IsLink: false })
        {
            Require(inTarget);
        }
        else if (entry is { IsLink: true })
        {
            Require(besideTarget);
        }
    }

    /// <summary>
    /// Returns an entry as its directory lists it: without following it if it is a link. Returns null if it does not exist.
    /// </summary>
    private async ValueTask<FileEntry?> FindInDirectoryAsync(StorePath path, CancellationToken cancellationToken)
    {
        IAsyncEnumerable<FileEntry> entries = await store.ListAsync(path.Parent, cancellationToken).ConfigureAwait(false);
        await foreach (FileEntry entry in entries.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (entry.Name == path.Name)
            {
                return entry;
            }
        }

        return null;
    }

    private void Require(in AccessDecision decision)
    {
        if (!decision.IsAllowed)
        {
            throw decision.CreateException(account.Name);
        }
    }
}
