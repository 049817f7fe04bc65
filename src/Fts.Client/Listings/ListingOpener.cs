using Fts.Client.Connections;
using Fts.Protocol;

namespace Fts.Client.Listings;

/// <summary>
/// Begins the listing of a folder by the best command that the server has: MLSD, LIST -a, LIST, NLST. What is found out about the server is noted in
/// <see cref="ListingProfile"/>, but not what concerns only one folder.
/// </summary>
internal static class ListingOpener
{
    /// <summary>Begins the listing. A folder that is reported to be empty by a negative reply is an empty listing.</summary>
    /// <exception cref="FtpReplyException">The folder is missing, or the account has no permission to list it.</exception>
    public static async Task<ListingTransfer> OpenAsync(FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        if (connection.Features.HasMachineListing && !connection.ServerProfile.IsMachineListingUnsupported && !connection.ServerProfile.ListingProfile.IsMlsdUnsupported)
        {
            try
            {
                return await OpenByCommandAsync(connection, ListingCommand.Mlsd, path, cancellationToken).ConfigureAwait(false);
            }
            catch (FtpReplyException e) when (IsReplyTo(e, "MLSD") && (RemoteListing.IsUnknownCommand(e.Reply) || ListingReplies.IsUnsupported(e)))
            {
                connection.ServerProfile.IsMachineListingUnsupported |= RemoteListing.IsUnknownCommand(e.Reply);
            }

            ListingTransfer other = await OpenListOrNlstAsync(connection, path, cancellationToken).ConfigureAwait(false);
            // Recorded only after LIST succeeded, because the negative reply may concern only this folder.
            connection.ServerProfile.ListingProfile.IsMlsdUnsupported = true;
            return other;
        }

        return await OpenListOrNlstAsync(connection, path, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Enters a folder and begins its listing; null if the server refuses to enter it.</summary>
    public static async Task<ListingTransfer?> TryEnterAndOpenAsync(FtpConnection connection, ListingCommand command, string path, CancellationToken cancellationToken) =>
        await WorkingDirectory.EnterTemporarilyAsync(connection, path, cancellationToken).ConfigureAwait(false) is null
            ? await OpenInEnteredDirectoryAsync(connection, command, cancellationToken).ConfigureAwait(false)
            : null;

    /// <summary>LIST, or NLST if the server has no LIST.</summary>
    private static async Task<ListingTransfer> OpenListOrNlstAsync(FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        ListingProfile memory = connection.ServerProfile.ListingProfile;
        if (!memory.IsListUnsupported)
        {
            try
            {
                return await OpenByCommandAsync(connection, ListingCommand.List, path, cancellationToken).ConfigureAwait(false);
            }
            catch (FtpReplyException e) when (IsReplyTo(e, "LIST") && ListingReplies.IsUnsupported(e))
            {
                ListingTransfer names = await OpenByCommandAsync(connection, ListingCommand.Nlst, path, cancellationToken).ConfigureAwait(false);
                memory.IsListUnsupported = true;
                return names;
            }
            catch (FtpReplyException e) when (IsReplyTo(e, "LIST") && e.Reply.IsPermanentFailure && e.InnerException is not FtpReplyException { InnerException: not null })
            {
                return await TryEnterAndOpenNlstAsync(connection, path, cancellationToken).ConfigureAwait(false) ?? throw new FtpReplyException(e.Reply, e.Command, e);
            }
        }

        return await OpenByCommandAsync(connection, ListingCommand.Nlst, path, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Enters a folder that LIST does not list, and begins NLST there. Null if the server refuses that too, or sends no name: an empty listing does not show
    /// that the folder is empty.
    /// </summary>
    private static async Task<ListingTransfer?> TryEnterAndOpenNlstAsync(FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        try
        {
            ListingTransfer? names = path.Length == 0
                ? await SendCommandAsync(connection, ListingCommand.Nlst, "", cancellationToken).ConfigureAwait(false)
                : await TryEnterAndOpenAsync(connection, ListingCommand.Nlst, path, cancellationToken).ConfigureAwait(false);
            if (names is not { IsEmpty: true })
            {
                return names;
            }

            await names.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (FtpReplyException) when (connection.IsUsable)
        {
            // The reply to LIST is the one that concerns the user.
        }

        // The caller counts relative paths from the working folder again.
        await WorkingDirectory.ReturnAsync(connection, cancellationToken).ConfigureAwait(false);
        return null;
    }

    /// <summary>Begins a listing by one command: by its path, and if the server refuses that, in the folder.</summary>
    private static async Task<ListingTransfer> OpenByCommandAsync(FtpConnection connection, ListingCommand command, string path, CancellationToken cancellationToken)
    {
        ListingProfile memory = connection.ServerProfile.ListingProfile;
        bool isByFolder = command != ListingCommand.Mlsd && path.Length > 0
            && (memory.ShouldEnterDirectory || (memory.ShouldEnterIfPathHasSpace && path.Contains(' ', StringComparison.Ordinal)));
        if (isByFolder)
        {
            FtpReply? refusal = await WorkingDirectory.EnterTemporarilyAsync(connection, path, cancellationToken).ConfigureAwait(false);
            return refusal is null
                ? await OpenInEnteredDirectoryAsync(connection, command, cancellationToken).ConfigureAwait(false)
                : throw new FtpReplyException(refusal, $"CWD {path}");
        }

        ListingTransfer listing;
        try
        {
            listing = await SendCommandAsync(connection, command, path, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpReplyException e) when (IsReplyTo(e, command.Verb) && ListingReplies.IsAboutArgument(e.Reply) && !ListingReplies.IsUnsupported(e)
            && !(command == ListingCommand.Mlsd && ListingReplies.IsPermissionDenied(e)))
        {
            if (path.Length == 0)
            {
                return await IsWorkingDirectoryEmptyAsync(connection, e, cancellationToken).ConfigureAwait(false)
                    ? ListingTransfer.CreateEmpty(connection, command)
                    : throw new FtpReplyException(e.Reply, e.Command, e);
            }

            if (await WorkingDirectory.EnterTemporarilyAsync(connection, path, cancellationToken).ConfigureAwait(false) is { } refusal)
            {
                // A reply such as "501 No arguments, please" does not report that the folder is missing.
                throw e.Reply.Code is FtpReplyCode.FileUnavailable or FtpReplyCode.FileBusy || RemoteListing.IsUnknownCommand(refusal)
                    ? new FtpReplyException(e.Reply, e.Command, new FtpReplyException(refusal, $"CWD {path}", e))
                    : new FtpReplyException(refusal, $"CWD {path}", e);
            }

            return NoteListedAfterCwd(await OpenInEnteredDirectoryAsync(connection, command, cancellationToken).ConfigureAwait(false), memory, path);
        }

        return listing.IsEmpty && path.Length > 0 && command != ListingCommand.Mlsd
            ? await ConfirmEmptyAsync(connection, listing, path, cancellationToken).ConfigureAwait(false)
            : listing;
    }

    /// <summary>
    /// Returns whether a negative reply reports that the working folder is empty. If the text may also mean that the folder is missing, CWD to it decides.
    /// </summary>
    /// <exception cref="FtpReplyException">The server refuses to enter the working folder.</exception>
    private static async Task<bool> IsWorkingDirectoryEmptyAsync(FtpConnection connection, FtpReplyException negative, CancellationToken cancellationToken)
    {
        if (!ListingReplies.CanMeanEmpty(negative) || ListingReplies.IsEmptyDirectory(negative))
        {
            return ListingReplies.IsEmptyDirectory(negative);
        }

        string here = connection.WorkingDirectory?.Path ?? ".";
        FtpReply reply = await connection.SendAsync("CWD", here, cancellationToken).ConfigureAwait(false);
        return reply.IsCompletion || RemoteListing.IsUnknownCommand(reply)
            ? true
            : throw new FtpReplyException(negative.Reply, negative.Command, new FtpReplyException(reply, $"CWD {here}", negative));
    }

    /// <summary>Some servers list a missing folder as if it were empty, or parse a path with a space as two paths. Only CWD shows which.</summary>
    private static async Task<ListingTransfer> ConfirmEmptyAsync(FtpConnection connection, ListingTransfer empty, string path, CancellationToken cancellationToken)
    {
        FtpReply? refusal = await WorkingDirectory.EnterTemporarilyAsync(connection, path, cancellationToken).ConfigureAwait(false);
        if (refusal is not null)
        {
            return RemoteListing.IsUnknownCommand(refusal) ? empty : throw await DisposeAndCreateExceptionAsync(empty, refusal, path).ConfigureAwait(false);
        }

        if (connection.ServerProfile.ListingProfile.IsPathUsed && !path.Contains(' ', StringComparison.Ordinal))
        {
            await WorkingDirectory.ReturnAsync(connection, cancellationToken).ConfigureAwait(false);
            return empty;
        }

        await empty.DisposeAsync().ConfigureAwait(false);
        return NoteListedAfterCwd(await OpenInEnteredDirectoryAsync(connection, empty.Command, cancellationToken).ConfigureAwait(false), connection.ServerProfile.ListingProfile, path);
    }

    private static async Task<FtpReplyException> DisposeAndCreateExceptionAsync(ListingTransfer empty, FtpReply refusal, string path)
    {
        await empty.DisposeAsync().ConfigureAwait(false);
        return new FtpReplyException(refusal, $"CWD {path}");
    }

    /// <summary>Begins the listing of a folder that was entered.</summary>
    private static async Task<ListingTransfer> OpenInEnteredDirectoryAsync(FtpConnection connection, ListingCommand command, CancellationToken cancellationToken)
    {
        try
        {
            return await SendCommandAsync(connection, command, "", cancellationToken).ConfigureAwait(false);
        }
        catch (FtpReplyException e) when (IsReplyTo(e, command.Verb))
        {
            await WorkingDirectory.ReturnAsync(connection, cancellationToken).ConfigureAwait(false);
            return ListingReplies.CanMeanEmpty(e) ? ListingTransfer.CreateEmpty(connection, command) : throw new FtpReplyException(e.Reply, e.Command, e);
        }
        catch (FtpException) when (connection.IsUsable)
        {
            // The server refuses the data connection, or it cannot be opened.
            await WorkingDirectory.ReturnAsync(connection, cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Sends one command, with the option -a if the server takes it: without it many servers leave out names that begin with a dot.</summary>
    private static async Task<ListingTransfer> SendCommandAsync(FtpConnection connection, ListingCommand command, string path, CancellationToken cancellationToken)
    {
        if (command == ListingCommand.Mlsd)
        {
            return await ListingTransfer.StartAsync(connection, command, path, linesToBuffer: 1, cancellationToken).ConfigureAwait(false);
        }

        ListingProfile memory = connection.ServerProfile.ListingProfile;
        if (memory.OptionSupport == ListOptionSupport.Unknown)
        {
            FtpReply system = await connection.SendAsync("SYST", null, cancellationToken).ConfigureAwait(false);
            memory.OptionSupport = ListingProfile.CanSupportOptions(system) ? ListOptionSupport.Possible : ListOptionSupport.Unsupported;
        }

        // To many servers a leading hyphen means options of ls.
        string plain = path.StartsWith('-') ? $"./{path}" : path;
        bool isTaken = memory.OptionSupport == ListOptionSupport.Supported;
        if (isTaken || memory.OptionSupport == ListOptionSupport.Possible)
        {
            ListingTransfer? listing = null;
            try
            {
                listing = await ListingTransfer.StartAsync(connection, command, path.Length == 0 ? "-a" : $"-a {plain}", isTaken ? 1 : 2, cancellationToken).ConfigureAwait(false);
            }
            catch (FtpReplyException e) when (!isTaken && IsReplyTo(e, command.Verb) && (e.Reply.IsPermanentFailure || e.Reply.Code == FtpReplyCode.FileBusy))
            {
                // The refusal may be about the option.
            }

            if (listing is not null && (isTaken || listing is { IsEmpty: false, FirstLine: { } first } && !ListingReplies.IsAboutOption(first, listing.OnlyLine is not null)))
            {
                memory.OptionSupport = ListOptionSupport.Supported;
                return listing;
            }

            await (listing?.ReadToEndAsync(cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
        }

        ListingTransfer withoutOption = await ListingTransfer.StartAsync(connection, command, plain, linesToBuffer: 1, cancellationToken).ConfigureAwait(false);
        memory.OptionSupport = withoutOption.IsEmpty ? memory.OptionSupport : ListOptionSupport.Unsupported;
        return withoutOption;
    }

    private static ListingTransfer NoteListedAfterCwd(ListingTransfer listing, ListingProfile memory, string path)
    {
        if (!listing.IsEmpty && listing.Command != ListingCommand.Mlsd)
        {
            bool hasSpace = path.Contains(' ', StringComparison.Ordinal);
            memory.ShouldEnterIfPathHasSpace |= hasSpace;
            memory.ShouldEnterDirectory |= !hasSpace;
        }

        return listing;
    }

    private static bool IsReplyTo(FtpReplyException e, string verb) => e.Command.StartsWith(verb, StringComparison.Ordinal);
}
