using Fts.Client.Connections;
using Fts.Protocol;

namespace Fts.Client.Listings;

/// <summary>
/// Starts the listing of a directory with the first command that the server supports: MLSD, LIST -a, LIST or NLST. Facts about the whole
/// server, for example that it does not support LIST, are cached in <see cref="ListingProfile"/>.
/// </summary>
internal static class ListingOpener
{
    /// <summary>Starts a listing. Returns an empty listing if the server reports an empty directory with a negative reply.</summary>
    /// <exception cref="FtpReplyException">The server rejects the listing, for example because the directory does not exist.</exception>
    public static async Task<ListingTransfer> OpenAsync(FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        ServerProfile server = connection.ServerProfile;
        if (connection.Features.HasMachineListing && !server.IsMachineListingUnsupported && !server.ListingProfile.IsMlsdUnsupported)
        {
            try
            {
                return await OpenByCommandAsync(connection, ListingCommand.Mlsd, path, cancellationToken).ConfigureAwait(false);
            }
            catch (FtpReplyException e) when (IsReplyTo(e, "MLSD")
                && (RemoteListing.IsUnknownCommand(e.Reply) || ListingReplies.IsUnsupported(e)))
            {
                server.IsMachineListingUnsupported |= RemoteListing.IsUnknownCommand(e.Reply);
            }

            ListingTransfer other = await OpenListOrNlstAsync(connection, path, cancellationToken).ConfigureAwait(false);
            // Recorded only after LIST or NLST succeeded, because the negative reply to MLSD may concern only this directory.
            server.ListingProfile.IsMlsdUnsupported = true;
            return other;
        }

        return await OpenListOrNlstAsync(connection, path, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Enters a directory and starts its listing. Returns null if the server rejects CWD.</summary>
    public static async Task<ListingTransfer?> TryEnterAndOpenAsync(
        FtpConnection connection, ListingCommand command, string path, CancellationToken cancellationToken) =>
        await WorkingDirectory.EnterTemporarilyAsync(connection, path, cancellationToken).ConfigureAwait(false) is null
            ? await OpenInEnteredDirectoryAsync(connection, command, cancellationToken).ConfigureAwait(false)
            : null;

    /// <summary>Starts a listing with LIST, or with NLST if the server does not support LIST.</summary>
    private static async Task<ListingTransfer> OpenListOrNlstAsync(
        FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        ListingProfile profile = connection.ServerProfile.ListingProfile;
        if (!profile.IsListUnsupported)
        {
            try
            {
                return await OpenByCommandAsync(connection, ListingCommand.List, path, cancellationToken).ConfigureAwait(false);
            }
            catch (FtpReplyException e) when (IsReplyTo(e, "LIST") && ListingReplies.IsUnsupported(e))
            {
                ListingTransfer names = await OpenByCommandAsync(
                    connection, ListingCommand.Nlst, path, cancellationToken).ConfigureAwait(false);
                profile.IsListUnsupported = true;
                return names;
            }
            catch (FtpReplyException e) when (IsReplyTo(e, "LIST") && e.Reply.IsPermanentFailure
                && e.InnerException is not FtpReplyException { InnerException: not null })
            {
                // The filter excludes a failed CWD, after which the inner exception has an inner exception, because CWD would fail again.
                return await TryEnterAndOpenNlstAsync(connection, path, cancellationToken).ConfigureAwait(false)
                    ?? throw new FtpReplyException(e.Reply, e.Command, e);
            }
        }

        return await OpenByCommandAsync(connection, ListingCommand.Nlst, path, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Enters a directory for which LIST failed, and starts NLST there. Returns null if the server rejects CWD or NLST, or if NLST returns
    /// no names: after the failure of LIST, an empty listing does not prove that the directory is empty.
    /// </summary>
    private static async Task<ListingTransfer?> TryEnterAndOpenNlstAsync(
        FtpConnection connection, string path, CancellationToken cancellationToken)
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
            // The caller reports the reply to LIST.
        }

        // The connection returns, because later commands use paths relative to the working directory.
        await WorkingDirectory.ReturnAsync(connection, cancellationToken).ConfigureAwait(false);
        return null;
    }

    /// <summary>
    /// Starts a listing with one command and the path. If the server rejects the path, enters the directory and sends the command without
    /// the path.
    /// </summary>
    private static async Task<ListingTransfer> OpenByCommandAsync(
        FtpConnection connection, ListingCommand command, string path, CancellationToken cancellationToken)
    {
        ListingProfile profile = connection.ServerProfile.ListingProfile;
        bool shouldEnter = command != ListingCommand.Mlsd && path.Length > 0
            && (profile.ShouldEnterDirectory || (profile.ShouldEnterIfPathHasSpace && path.Contains(' ', StringComparison.Ordinal)));
        if (shouldEnter)
        {
            FtpReply? negative = await WorkingDirectory.EnterTemporarilyAsync(connection, path, cancellationToken).ConfigureAwait(false);
            return negative is null
                ? await OpenInEnteredDirectoryAsync(connection, command, cancellationToken).ConfigureAwait(false)
                : throw new FtpReplyException(negative, $"CWD {path}");
        }

        ListingTransfer listing;
        try
        {
            listing = await SendCommandAsync(connection, command, path, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpReplyException e) when (IsReplyTo(e, command.Verb)
            && ListingReplies.IsAboutArgument(e.Reply) && !ListingReplies.IsUnsupported(e)
            && !(command == ListingCommand.Mlsd && ListingReplies.IsPermissionDenied(e)))
        {
            if (path.Length == 0)
            {
                return await IsWorkingDirectoryEmptyAsync(connection, e, cancellationToken).ConfigureAwait(false)
                    ? ListingTransfer.CreateEmpty(connection, command)
                    : throw new FtpReplyException(e.Reply, e.Command, e);
            }

            if (await WorkingDirectory.EnterTemporarilyAsync(connection, path, cancellationToken).ConfigureAwait(false) is { } cwdReply)
            {
                // A reply such as "501 No arguments, please" is about the arguments, so the reply to CWD is reported instead.
                throw e.Reply.Code is FtpReplyCode.FileUnavailable or FtpReplyCode.FileBusy || RemoteListing.IsUnknownCommand(cwdReply)
                    ? new FtpReplyException(e.Reply, e.Command, new FtpReplyException(cwdReply, $"CWD {path}", e))
                    : new FtpReplyException(cwdReply, $"CWD {path}", e);
            }

            return RecordListedAfterCwd(
                await OpenInEnteredDirectoryAsync(connection, command, cancellationToken).ConfigureAwait(false), profile, path);
        }

        return listing.IsEmpty && path.Length > 0 && command != ListingCommand.Mlsd
            ? await ConfirmEmptyAsync(connection, listing, path, cancellationToken).ConfigureAwait(false)
            : listing;
    }

    /// <summary>
    /// Returns whether a negative reply reports that the working directory is empty. If the text of the reply may also mean that the
    /// directory does not exist, sends CWD to check.
    /// </summary>
    /// <exception cref="FtpReplyException">The server rejects CWD to the working directory.</exception>
    private static async Task<bool> IsWorkingDirectoryEmptyAsync(
        FtpConnection connection, FtpReplyException negative, CancellationToken cancellationToken)
    {
        if (!ListingReplies.CanMeanEmpty(negative) || ListingReplies.IsEmptyDirectory(negative))
        {
            return ListingReplies.IsEmptyDirectory(negative);
        }

        string directory = connection.WorkingDirectory?.Path ?? ".";
        FtpReply reply = await connection.SendAsync("CWD", directory, cancellationToken).ConfigureAwait(false);
        return reply.IsCompletion || RemoteListing.IsUnknownCommand(reply)
            ? true
            : throw new FtpReplyException(negative.Reply, negative.Command, new FtpReplyException(reply, $"CWD {directory}", negative));
    }

    /// <summary>
    /// Sends CWD to check whether the directory is really empty. Some servers send an empty listing for a missing directory, or parse a
    /// path with a space as two paths. Returns the empty listing, or a new listing of the entered directory.
    /// </summary>
    /// <exception cref="FtpReplyException">The server rejects CWD.</exception>
    private static async Task<ListingTransfer> ConfirmEmptyAsync(
        FtpConnection connection, ListingTransfer empty, string path, CancellationToken cancellationToken)
    {
        FtpReply? negative = await WorkingDirectory.EnterTemporarilyAsync(connection, path, cancellationToken).ConfigureAwait(false);
        if (negative is not null)
        {
            return RemoteListing.IsUnknownCommand(negative)
                ? empty
                : throw await DisposeAndCreateExceptionAsync(empty, negative, path).ConfigureAwait(false);
        }

        if (connection.ServerProfile.ListingProfile.IsPathHonored && !path.Contains(' ', StringComparison.Ordinal))
        {
            await WorkingDirectory.ReturnAsync(connection, cancellationToken).ConfigureAwait(false);
            return empty;
        }

        await empty.DisposeAsync().ConfigureAwait(false);
        ListingTransfer listing = await OpenInEnteredDirectoryAsync(connection, empty.Command, cancellationToken).ConfigureAwait(false);
        return RecordListedAfterCwd(listing, connection.ServerProfile.ListingProfile, path);
    }

    private static async Task<FtpReplyException> DisposeAndCreateExceptionAsync(ListingTransfer empty, FtpReply negative, string path)
    {
        await empty.DisposeAsync().ConfigureAwait(false);
        return new FtpReplyException(negative, $"CWD {path}");
    }

    /// <summary>
    /// Starts the listing of the directory that the connection entered. Returns an empty listing if a negative reply may report an empty
    /// directory. After any negative reply, and after another error that leaves the connection usable, returns to the working directory.
    /// </summary>
    private static async Task<ListingTransfer> OpenInEnteredDirectoryAsync(
        FtpConnection connection, ListingCommand command, CancellationToken cancellationToken)
    {
        try
        {
            return await SendCommandAsync(connection, command, "", cancellationToken).ConfigureAwait(false);
        }
        catch (FtpReplyException e) when (IsReplyTo(e, command.Verb))
        {
            await WorkingDirectory.ReturnAsync(connection, cancellationToken).ConfigureAwait(false);
            return ListingReplies.CanMeanEmpty(e)
                ? ListingTransfer.CreateEmpty(connection, command)
                : throw new FtpReplyException(e.Reply, e.Command, e);
        }
        catch (FtpException) when (connection.IsUsable)
        {
            // The server rejected the data connection, or the data connection cannot be opened.
            await WorkingDirectory.ReturnAsync(connection, cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Sends one listing command, with the option -a if the server supports it. Without -a, many servers omit names that start with a dot.
    /// </summary>
    private static async Task<ListingTransfer> SendCommandAsync(
        FtpConnection connection, ListingCommand command, string path, CancellationToken cancellationToken)
    {
        if (command == ListingCommand.Mlsd)
        {
            return await ListingTransfer.StartAsync(connection, command, path, linesToBuffer: 1, cancellationToken).ConfigureAwait(false);
        }

        ListingProfile profile = connection.ServerProfile.ListingProfile;
        if (profile.OptionSupport == ListOptionSupport.Unknown)
        {
            FtpReply system = await connection.SendAsync("SYST", null, cancellationToken).ConfigureAwait(false);
            profile.OptionSupport = ListingProfile.CanSupportOptions(system) ? ListOptionSupport.Possible : ListOptionSupport.Unsupported;
        }

        // Many servers parse an argument with a leading hyphen as options of ls.
        string pathArgument = path.StartsWith('-') ? $"./{path}" : path;
        bool isSupported = profile.OptionSupport == ListOptionSupport.Supported;
        if (isSupported || profile.OptionSupport == ListOptionSupport.Possible)
        {
            ListingTransfer? listing = null;
            try
            {
                string argument = path.Length == 0 ? "-a" : $"-a {pathArgument}";
                int linesToBuffer = isSupported ? 1 : 2;
                listing = await ListingTransfer.StartAsync(
                    connection, command, argument, linesToBuffer, cancellationToken).ConfigureAwait(false);
            }
            catch (FtpReplyException e) when (!isSupported && IsReplyTo(e, command.Verb)
                && (e.Reply.IsPermanentFailure || e.Reply.Code == FtpReplyCode.FileBusy))
            {
                // The negative reply may be about the option, so the command is sent again without it.
            }

            bool isAccepted = isSupported
                || (listing?.FirstLine is { } first && !ListingReplies.IsAboutOption(first, isOnlyLine: listing.OnlyLine is not null));
            if (listing is not null && isAccepted)
            {
                profile.OptionSupport = ListOptionSupport.Supported;
                return listing;
            }

            await (listing?.ReadToEndAsync(cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
        }

        ListingTransfer withoutOption = await ListingTransfer.StartAsync(
            connection, command, pathArgument, linesToBuffer: 1, cancellationToken).ConfigureAwait(false);
        if (!withoutOption.IsEmpty)
        {
            profile.OptionSupport = ListOptionSupport.Unsupported;
        }

        return withoutOption;
    }

    /// <summary>
    /// Records that a listing after CWD has lines although the listing by path failed or was empty. Later listings then use CWD. If the
    /// path has a space, only listings of paths with a space use CWD. Returns the listing.
    /// </summary>
    private static ListingTransfer RecordListedAfterCwd(ListingTransfer listing, ListingProfile profile, string path)
    {
        if (!listing.IsEmpty && listing.Command != ListingCommand.Mlsd)
        {
            bool hasSpace = path.Contains(' ', StringComparison.Ordinal);
            profile.ShouldEnterIfPathHasSpace |= hasSpace;
            profile.ShouldEnterDirectory |= !hasSpace;
        }

        return listing;
    }

    private static bool IsReplyTo(FtpReplyException e, string verb) => e.Command.StartsWith(verb, StringComparison.Ordinal);
}
