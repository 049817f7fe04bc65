using Fts.Protocol;

namespace Fts.Client;

/// <summary>
/// Begins the listing of a folder by the best command that the server has: MLSD, LIST -a, LIST, NLST. What is found out about the server is noted in
/// <see cref="ListingMemory"/>, but not what concerns only one folder.
/// </summary>
internal static class ListingOpener
{
    /// <summary>Begins the listing. A folder that is reported to be empty by a negative reply is an empty listing.</summary>
    /// <exception cref="FtpReplyException">The folder is missing, or the account has no permission to list it.</exception>
    public static async Task<OpenListing> OpenAsync(FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        if (connection.Features.HasMachineListing && !connection.Memory.RefusesMachineListing && !connection.Memory.Listings.RefusesMachineList)
        {
            try
            {
                return await OpenSimplyAsync(connection, ListingCommand.Machine, path, cancellationToken).ConfigureAwait(false);
            }
            catch (FtpReplyException e) when (IsOf(e, "MLSD") && (RemoteListing.IsUnknownCommand(e.Reply) || ListingReplies.IsUnsupported(e)))
            {
                connection.Memory.RefusesMachineListing |= RemoteListing.IsUnknownCommand(e.Reply);
            }

            OpenListing other = await OpenWithoutFactsAsync(connection, path, cancellationToken).ConfigureAwait(false);
            // Recorded only after LIST succeeded, because the negative reply may concern only this folder.
            connection.Memory.Listings.RefusesMachineList = true;
            return other;
        }

        return await OpenWithoutFactsAsync(connection, path, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Enters a folder and begins its listing; null if the server refuses to enter it.</summary>
    public static async Task<OpenListing?> TryOpenWithinAsync(FtpConnection connection, ListingCommand command, string path, CancellationToken cancellationToken) =>
        await WorkingFolder.VisitAsync(connection, path, cancellationToken).ConfigureAwait(false) is null
            ? await OpenHereAsync(connection, command, cancellationToken).ConfigureAwait(false)
            : null;

    /// <summary>LIST, or NLST if the server has no LIST.</summary>
    private static async Task<OpenListing> OpenWithoutFactsAsync(FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        ListingMemory memory = connection.Memory.Listings;
        if (!memory.RefusesList)
        {
            try
            {
                return await OpenSimplyAsync(connection, ListingCommand.List, path, cancellationToken).ConfigureAwait(false);
            }
            catch (FtpReplyException e) when (IsOf(e, "LIST") && ListingReplies.IsUnsupported(e))
            {
                OpenListing names = await OpenSimplyAsync(connection, ListingCommand.Names, path, cancellationToken).ConfigureAwait(false);
                memory.RefusesList = true;
                return names;
            }
            catch (FtpReplyException e) when (IsOf(e, "LIST") && e.Reply.IsPermanentFailure && e.InnerException is not FtpReplyException { InnerException: not null })
            {
                return await TryOpenNamesAsync(connection, path, cancellationToken).ConfigureAwait(false) ?? throw new FtpReplyException(e.Reply, e.Command, e);
            }
        }

        return await OpenSimplyAsync(connection, ListingCommand.Names, path, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Enters a folder that LIST does not list, and begins NLST there. Null if the server refuses that too, or sends no name: an empty listing does not show
    /// that the folder is empty.
    /// </summary>
    private static async Task<OpenListing?> TryOpenNamesAsync(FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        try
        {
            OpenListing? names = path.Length == 0
                ? await StartAsync(connection, ListingCommand.Names, "", cancellationToken).ConfigureAwait(false)
                : await TryOpenWithinAsync(connection, ListingCommand.Names, path, cancellationToken).ConfigureAwait(false);
            if (names is not { IsEmpty: true })
            {
                return names;
            }

            await names.DiscardAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (FtpReplyException) when (connection.IsUsable)
        {
            // The reply to LIST is the one that concerns the user.
        }

        // The caller counts relative paths from the working folder again.
        await WorkingFolder.LeaveAsync(connection, cancellationToken).ConfigureAwait(false);
        return null;
    }

    /// <summary>Begins a listing by one command: by its path, and if the server refuses that, in the folder.</summary>
    private static async Task<OpenListing> OpenSimplyAsync(FtpConnection connection, ListingCommand command, string path, CancellationToken cancellationToken)
    {
        ListingMemory memory = connection.Memory.Listings;
        bool isByFolder = command != ListingCommand.Machine && path.Length > 0
            && (memory.NeedsFolder || (memory.SplitsArguments && path.Contains(' ', StringComparison.Ordinal)));
        if (isByFolder)
        {
            FtpReply? refusal = await WorkingFolder.VisitAsync(connection, path, cancellationToken).ConfigureAwait(false);
            return refusal is null
                ? await OpenHereAsync(connection, command, cancellationToken).ConfigureAwait(false)
                : throw new FtpReplyException(refusal, $"CWD {path}");
        }

        OpenListing listing;
        try
        {
            listing = await StartAsync(connection, command, path, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpReplyException e) when (IsOf(e, command.Verb) && ListingReplies.IsAboutArgument(e.Reply) && !ListingReplies.IsUnsupported(e)
            && !(command == ListingCommand.Machine && ListingReplies.IsDenied(e)))
        {
            if (path.Length == 0)
            {
                return await IsEmptyHereAsync(connection, e, cancellationToken).ConfigureAwait(false)
                    ? OpenListing.Empty(connection, command)
                    : throw new FtpReplyException(e.Reply, e.Command, e);
            }

            if (await WorkingFolder.VisitAsync(connection, path, cancellationToken).ConfigureAwait(false) is { } refusal)
            {
                // A reply such as "501 No arguments, please" does not report that the folder is missing.
                throw e.Reply.Code is FtpReplyCode.FileUnavailable or FtpReplyCode.FileBusy || RemoteListing.IsUnknownCommand(refusal)
                    ? new FtpReplyException(e.Reply, e.Command, new FtpReplyException(refusal, $"CWD {path}", e))
                    : new FtpReplyException(refusal, $"CWD {path}", e);
            }

            return Noted(await OpenHereAsync(connection, command, cancellationToken).ConfigureAwait(false), memory, path);
        }

        return listing.IsEmpty && path.Length > 0 && command != ListingCommand.Machine
            ? await ConfirmAsync(connection, listing, path, cancellationToken).ConfigureAwait(false)
            : listing;
    }

    /// <summary>
    /// Returns whether a negative reply reports that the working folder is empty. If the text may also mean that the folder is missing, CWD to it decides.
    /// </summary>
    /// <exception cref="FtpReplyException">The server refuses to enter the working folder.</exception>
    private static async Task<bool> IsEmptyHereAsync(FtpConnection connection, FtpReplyException negative, CancellationToken cancellationToken)
    {
        if (!ListingReplies.MayMeanEmpty(negative) || ListingReplies.MeansEmpty(negative))
        {
            return ListingReplies.MeansEmpty(negative);
        }

        string here = connection.Folder?.Path ?? ".";
        FtpReply reply = await connection.SendAsync("CWD", here, cancellationToken).ConfigureAwait(false);
        return reply.IsCompletion || RemoteListing.IsUnknownCommand(reply)
            ? true
            : throw new FtpReplyException(negative.Reply, negative.Command, new FtpReplyException(reply, $"CWD {here}", negative));
    }

    /// <summary>Some servers list a missing folder as if it were empty, or parse a path with a space as two paths. Only CWD shows which.</summary>
    private static async Task<OpenListing> ConfirmAsync(FtpConnection connection, OpenListing empty, string path, CancellationToken cancellationToken)
    {
        FtpReply? refusal = await WorkingFolder.VisitAsync(connection, path, cancellationToken).ConfigureAwait(false);
        if (refusal is not null)
        {
            return RemoteListing.IsUnknownCommand(refusal) ? empty : throw await RefusedAsync(empty, refusal, path).ConfigureAwait(false);
        }

        if (connection.Memory.Listings.ObeysPath && !path.Contains(' ', StringComparison.Ordinal))
        {
            await WorkingFolder.LeaveAsync(connection, cancellationToken).ConfigureAwait(false);
            return empty;
        }

        await empty.DisposeAsync().ConfigureAwait(false);
        return Noted(await OpenHereAsync(connection, empty.Command, cancellationToken).ConfigureAwait(false), connection.Memory.Listings, path);
    }

    private static async Task<FtpReplyException> RefusedAsync(OpenListing empty, FtpReply refusal, string path)
    {
        await empty.DisposeAsync().ConfigureAwait(false);
        return new FtpReplyException(refusal, $"CWD {path}");
    }

    /// <summary>Begins the listing of a folder that was entered.</summary>
    private static async Task<OpenListing> OpenHereAsync(FtpConnection connection, ListingCommand command, CancellationToken cancellationToken)
    {
        try
        {
            return await StartAsync(connection, command, "", cancellationToken).ConfigureAwait(false);
        }
        catch (FtpReplyException e) when (IsOf(e, command.Verb))
        {
            await WorkingFolder.LeaveAsync(connection, cancellationToken).ConfigureAwait(false);
            return ListingReplies.MayMeanEmpty(e) ? OpenListing.Empty(connection, command) : throw new FtpReplyException(e.Reply, e.Command, e);
        }
        catch (FtpException) when (connection.IsUsable)
        {
            // The server refuses the data connection, or it cannot be opened.
            await WorkingFolder.LeaveAsync(connection, cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Sends one command, with the option -a if the server takes it: without it many servers leave out names that begin with a dot.</summary>
    private static async Task<OpenListing> StartAsync(FtpConnection connection, ListingCommand command, string path, CancellationToken cancellationToken)
    {
        if (command == ListingCommand.Machine)
        {
            return await OpenListing.StartAsync(connection, command, path, linesAhead: 1, cancellationToken).ConfigureAwait(false);
        }

        ListingMemory memory = connection.Memory.Listings;
        if (memory.Options == ListOptionSupport.Unknown)
        {
            FtpReply system = await connection.SendAsync("SYST", null, cancellationToken).ConfigureAwait(false);
            memory.Options = ListingMemory.MayTakeOptions(system) ? ListOptionSupport.Possible : ListOptionSupport.Refused;
        }

        // To many servers a leading hyphen means options of ls.
        string plain = path.StartsWith('-') ? $"./{path}" : path;
        bool isTaken = memory.Options == ListOptionSupport.Taken;
        if (isTaken || memory.Options == ListOptionSupport.Possible)
        {
            OpenListing? listing = null;
            try
            {
                listing = await OpenListing.StartAsync(connection, command, path.Length == 0 ? "-a" : $"-a {plain}", isTaken ? 1 : 2, cancellationToken).ConfigureAwait(false);
            }
            catch (FtpReplyException e) when (!isTaken && IsOf(e, command.Verb) && (e.Reply.IsPermanentFailure || e.Reply.Code == FtpReplyCode.FileBusy))
            {
                // The refusal may be about the option.
            }

            if (listing is not null && (isTaken || listing is { IsEmpty: false, FirstLine: { } first } && !ListingReplies.IsAboutOption(first, listing.OnlyLine is not null)))
            {
                memory.Options = ListOptionSupport.Taken;
                return listing;
            }

            await (listing?.DiscardAsync(cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
        }

        OpenListing withoutOption = await OpenListing.StartAsync(connection, command, plain, linesAhead: 1, cancellationToken).ConfigureAwait(false);
        memory.Options = withoutOption.IsEmpty ? memory.Options : ListOptionSupport.Refused;
        return withoutOption;
    }

    private static OpenListing Noted(OpenListing listing, ListingMemory memory, string path)
    {
        if (!listing.IsEmpty && listing.Command != ListingCommand.Machine)
        {
            bool hasSpace = path.Contains(' ', StringComparison.Ordinal);
            memory.SplitsArguments |= hasSpace;
            memory.NeedsFolder |= !hasSpace;
        }

        return listing;
    }

    private static bool IsOf(FtpReplyException e, string verb) => e.Command.StartsWith(verb, StringComparison.Ordinal);
}
