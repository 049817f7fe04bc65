using System.Runtime.CompilerServices;
using Fts.Protocol;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Listings;

/// <summary>What LIST, NLST or STAT was asked for: a folder's entries, one file, or those of a folder that fit a pattern.</summary>
/// <param name="Entries">The entries, read as they are sent.</param>
/// <param name="Prefix">What stood before the last component in the client's words; names get it back in NLST.</param>
internal sealed record ListSelection(IAsyncEnumerable<FileEntry> Entries, string Prefix)
{
    /// <summary>The options of <c>ls</c> before the path.</summary>
    public ListOptions Options { get; init; }

    /// <summary>The directory whose entries are listed; null for a file or a pattern.</summary>
    public StorePath? Directory { get; init; }

    /// <summary>
    /// Reads the argument. <c>ls</c> options before the path, which many clients send, are read unless a file has that very name; <c>*</c> and
    /// <c>?</c> in the last component are a pattern unless a file has that very name. Null for what is no path.
    /// </summary>
    /// <exception cref="StoreException">Nothing is there.</exception>
    public static async ValueTask<ListSelection?> OpenAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        (string text, ListOptions options) = (argument, default);
        FileEntry? entry = session.Resolve(text) is { } path ? await session.Files!.GetEntryAsync(path, cancellationToken) : null;
        if (entry is null && text.StartsWith('-'))
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
                return new ListSelection(await session.Files!.ListAsync(target, cancellationToken), directory) { Options = options, Directory = target };
            case { } file:
                return new ListSelection(CreateSingle(file), prefix);
            case null when target.Name.AsSpan().ContainsAny('*', '?') && text.EndsWith(target.Name, StringComparison.Ordinal):
                return new ListSelection(FilterByPattern(await session.Files!.ListAsync(target.Parent, cancellationToken), target.Name, cancellationToken), prefix) { Options = options };
            default:
                throw new StoreException(StoreError.NotFound, "Nothing to list there.");
        }
    }

    private static async IAsyncEnumerable<FileEntry> CreateSingle(FileEntry entry)
    {
        await ValueTask.CompletedTask;
        yield return entry;
    }

    /// <summary>
    /// Passes the token on. Otherwise a folder without a match would be read to its end after its client has disconnected.
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
