using Fts.Storage;

namespace Fts.Accounts.Gate;

/// <summary>
/// Decides whether an account can open an upload, and restricts the upload so that its commit cannot do more than the account may.
/// </summary>
/// <remarks>
/// Between this decision and the commit, other clients can create, extend or delete the file. The restrictions of
/// <see cref="WriteStart"/> make the store check the same conditions again at the commit.
/// </remarks>
/// <param name="account">The account.</param>
/// <param name="store">The store of the files.</param>
internal readonly struct UploadGate(Account account, IFileStore store)
{
    private const Permissions AllUploads = Permissions.Create | Permissions.Overwrite | Permissions.Append;

    /// <summary>Returns whether the account can open every upload to a path, so that no decision is necessary.</summary>
    public static bool IsUnrestricted(Account account, StorePath path) =>
        (account.Rules.GetPermissions(path) & AllUploads) == AllUploads;

    /// <summary>Returns how the upload is opened.</summary>
    /// <exception cref="StoreException">The account lacks a permission.</exception>
    public async ValueTask<WriteStart> RestrictAsync(StorePath path, WriteStart start, CancellationToken cancellationToken)
    {
        Permissions granted = account.Rules.GetPermissions(path);
        bool canCreate = granted.HasFlag(Permissions.Create), canAppend = granted.HasFlag(Permissions.Append);
        bool canOverwrite = granted.HasFlag(Permissions.Overwrite);
        bool canChange = (canOverwrite && start.Offset is not null) || (canAppend && start.ShouldKeepContent);
        if (start.IsCreateOnly || (!canCreate && !canChange))
        {
            Require(AccessRules.Decide(account.Rules, FileAction.Create, path)); // the store is not used, so no existence is revealed
            return start;
        }

        if (await store.GetEntryAsync(path, cancellationToken).ConfigureAwait(false) is not { } existing)
        {
            Require(AccessRules.Decide(account.Rules, FileAction.Create, path));
            return start with { IsCreateOnly = !canChange, MustKeepExistingBytes = canChange && !canOverwrite };
        }

        FileAction change = GetChange(start, existing.Length, granted);
        if (change == FileAction.Append && canOverwrite && await HasPartialUploadAsync(path, start, cancellationToken)
            .ConfigureAwait(false))
        {
            change = FileAction.Overwrite; // the offset is that of a partial upload, which replaces the file
        }

        Require(AccessRules.Decide(account.Rules, change, path));
        return start with { MustExist = !canCreate, MustKeepExistingBytes = !canOverwrite };
    }

    /// <summary>Returns how an upload changes an existing file.</summary>
    /// <remarks>
    /// An account that can neither append nor overwrite gets the same refusal at every offset, so that it does not learn the length.
    /// </remarks>
    private static FileAction GetChange(WriteStart start, long length, Permissions granted)
    {
        if (start.Offset is not { } offset)
        {
            return FileAction.Append;
        }

        bool isAtEnd = start.ShouldKeepContent && (granted.HasFlag(Permissions.Overwrite) ? offset == length : offset >= length);
        return isAtEnd && (granted & (Permissions.Append | Permissions.Overwrite)) != 0 ? FileAction.Append : FileAction.Overwrite;
    }

    private async ValueTask<bool> HasPartialUploadAsync(StorePath path, WriteStart start, CancellationToken cancellationToken) =>
        start.Uploader is { } uploader &&
        await store.GetPartialUploadAsync(path, uploader, cancellationToken).ConfigureAwait(false) is not null;

    private void Require(in AccessDecision decision)
    {
        if (!decision.IsAllowed)
        {
            throw decision.CreateException(account.Name);
        }
    }
}
