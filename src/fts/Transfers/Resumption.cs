using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Shell;

namespace Fts.Transfers;

/// <summary>What is said of transfers that break off, go on, or start anew: how much is kept, and the command that goes on from it.</summary>
internal static class Resumption
{
    /// <summary>A failed <c>get</c>: tells what is kept here.</summary>
    public static Exception OfGet(ClientShell shell, Exception e, RemoteName item, string local, IfThere ifThere)
    {
        shell.NoteLoss(e);
        if (e is FtpTargetExistsException)
        {
            return new FailureException(ExitCode.Other, $"get {item}: {e.Message}", $"{shell.Again("get", "--overwrite", item.Typed)}, to replace it");
        }

        Failure failure = Failures.Of(e, $"get {item}", shell.Target);
        if (e is FtpIntegrityException { Failure: FtpIntegrityFailure.Unverified } || (e is not FtpIntegrityException && !IsBrokenOff(failure.Code)))
        {
            return e;
        }

        if (FtpPartialDownload.Find(local) is not { } kept)
        {
            return e is FtpIntegrityException ? new FailureException(failure with { What = $"{failure.What}; nothing was kept" }) : e;
        }

        string what = LocalReason.IsFull(e)
            ? $"get {item}: no space left here: {Amounts.Size(kept.Length)} of {Amounts.Size(kept.Total)} are kept, {Amounts.Size(kept.Total - kept.Length)} more are needed"
            : $"{failure.What}; {Percent(kept.Length, kept.Total)} of it is kept";
        // The file that was to be replaced is still there, and is not the beginning of the new one.
        string option = ifThere == IfThere.Overwrite && File.Exists(local) ? "--overwrite" : "--resume";
        return new FailureException(failure with { What = what, Next = shell.Again("get", option, item.Typed, failure.Code) });
    }

    /// <summary>A failed <c>put</c>, of which some bytes had left.</summary>
    public static Exception OfPut(ClientShell shell, Exception e, string local, FtpProgress last)
    {
        shell.NoteLoss(e);
        string rest = GetResumeOption(shell);
        Failure failure = Failures.Of(e, $"put {local}", shell.Target);
        return e is FtpTargetExistsException ? new FailureException(ExitCode.Other, $"put {local}: {e.Message}", $"{shell.Again("put", "--overwrite", local)}, to replace it")
            : failure.Code == ExitCode.Mismatch && e is not FtpIntegrityException { Failure: FtpIntegrityFailure.Unverified } ? new FailureException(failure with { Next = shell.Again("put", "--overwrite", local) })
            : (IsBrokenOff(failure.Code) || failure.Code == ExitCode.NoSpace) && last.Bytes + last.ResumedBytes > 0 && last.TotalBytes is not null ? new FailureException(failure with { Next = shell.Again("put", rest, local, failure.Code) })
            : e;
    }

    /// <summary>Returns the option that sends the rest of an upload. In ASCII mode the whole file is sent again.</summary>
    public static string GetResumeOption(ClientShell shell) => shell.Transfers.Type == FtpTransferType.Ascii ? "--overwrite" : "--resume";

    /// <summary>What is to be said when the bytes begin to move; null when nothing is.</summary>
    public static string? Line(string name, FtpProgress progress) => progress switch
    {
        { ResumedBytes: > 0, TotalBytes: { } left } =>
            $"resuming {name} at {Percent(progress.ResumedBytes, progress.ResumedBytes + left)} ({Amounts.Size(progress.ResumedBytes)} of {Amounts.Size(progress.ResumedBytes + left)})",
        { RestartReason: FtpRestartReason.Changed } => $"{name} changed on the server after its download began: the partial file is discarded, and the whole file is fetched",
        { RestartReason: FtpRestartReason.Unverifiable } => $"the server reports neither a time nor a hash that proves that the partial file belongs to {name}: the whole file is fetched",
        { RestartReason: FtpRestartReason.Unsupported } => $"the server cannot start in the middle of {name}: the whole file is fetched",
        _ => null,
    };

    /// <summary>Rounded down: 100 % means all of it.</summary>
    private static string Percent(long part, long whole) =>
        string.Create(CultureInfo.InvariantCulture, $"{(whole == 0 ? 100 : (int)(100.0 * part / whole))} %");

    private static bool IsBrokenOff(ExitCode code) => code is ExitCode.TransferFailed or ExitCode.CannotConnect or ExitCode.LocalFiles or ExitCode.Interrupted;
}
