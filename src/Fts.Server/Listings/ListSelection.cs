using System.Runtime.CompilerServices;
using Fts.Accounts;
using Fts.Protocol;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Listings;

/// <summary>
/// The entries for LIST, NLST, STAT or MLSD: all entries of a directory, one file, or the entries of a directory that match a pattern.
/// </summary>
/// <param name="Entries">The entries, which are read while they are sent.</param>
/// <param name="Prefix">
/// The path of the entries' directory as the client sent it, with a slash at the end. NLST sends it before each name. Empty for the current
/// directory and for MLSD.
/// </param>
internal sealed record ListSelection(IAsyncEnumerable<FileEntry> Entries, string Prefix)
{
    /// <summary>The options of <c>ls</c> before the path.</summary>
    public ListOptions Options { get; init; }

    /// <summary>The listed directory; null for a file, for a pattern and for MLSD.</summary>
    public StorePath? Directory { get; init; }

    /// <summary>Parses the argument of LIST, NLST or STAT and opens the directory. Returns null if the path is invalid.</summary>
    /// <remarks>
    /// If an entry has exactly the argument as its path, this entry is selected. Otherwise, wildcards in the last component are recognised.
    /// So are options of <c>ls</c> before the path, because many clients send such options.
    /// </remarks>
    /// <exception cref="StoreException">The path does not exist or cannot be listed.</exception>
    public static async ValueTask<ListSelection?> OpenAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        (string text, ListOptions options) = (argument, default);
        bool mayBeOptions = text.StartsWith('-');
        FileEntry? entry = session.Resolve(text) is { } path && (!mayBeOptions || session.Files!.HasPermission(Permissions.List, path))
            ? await session.Files!.GetEntryAsync(path, cancellationToken)
            : null;
        if (entry is null && mayBeOptions)
        {
            options = ListOptions.Parse(argument, out text);
            entry = session.Resolve(text) is { } rest ? await session.Files!.GetEntryAsync(rest, cancellationToken) : null;
        }

        if (session.Resolve(text) is not { } target)
        {
            return null;
        }

        string prefix = text[..(text.LastIndexOf('/') + 1)];
        switch (entry)
        {
            case { Kind: EntryKind.Directory }:
                string directory = text.Length == 0 || text.EndsWith('/') ? text : text + "/";
                IAsyncEnumerable<FileEntry> entries = await session.Files!.ListAsync(target, cancellationToken);
                return new ListSelection(entries, directory) { Options = options, Directory = target };
            case { } file:
                return new ListSelection(ListSingleEntry(file), prefix);
            case null when target.Name.AsSpan().ContainsAny('*', '?') && text.EndsWith(target.Name, StringComparison.Ordinal):
                IAsyncEnumerable<FileEntry> all = await session.Files!.ListAsync(target.Parent, cancellationToken);
                return new ListSelection(FilterByPattern(all, target.Name, cancellationToken), prefix) { Options = options };
            default:
                throw new StoreException(StoreError.NotFound, "The path does not exist.");
        }
    }

    private static async IAsyncEnumerable<FileEntry> ListSingleEntry(FileEntry entry)
    {
        await ValueTask.CompletedTask;
        yield return entry;
    }

    /// <summary>
    /// Returns the entries whose names match a pattern. The store receives the token too. Otherwise, after the client disconnects,
    /// the store would read on until the next match or the end of the directory.
    /// </summary>
    private static async IAsyncEnumerable<FileEntry> FilterByPattern(
        IAsyncEnumerable<FileEntry> entries, string pattern, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (FileEntry entry in entries.WithCancellation(cancellationToken))
        {
            if (NamePattern.IsMatch(pattern, entry.Name))
            {
                yield return entry;
            }
        }
    }
}
