using System.Diagnostics;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Doctor.Checks;

/// <summary>Checks what the server supports, with commands that change nothing.</summary>
internal sealed class FeatureChecks(DoctorSession session)
{
    private const int RoundTrips = 5;

    private FtpConnection Connection => session.Connection;

    private FtpServerFeatures Features => session.Features;

    /// <summary>Measures the time from a command to its reply.</summary>
    public async Task<CheckResult> MeasureRoundTripAsync(CancellationToken cancellationToken)
    {
        var times = new List<TimeSpan>();
        for (int i = 0; i < RoundTrips; i++)
        {
            long start = Stopwatch.GetTimestamp();
            await Connection.SendAsync("NOOP", null, cancellationToken);
            times.Add(Stopwatch.GetElapsedTime(start));
        }

        times.Sort();
        return CheckResult.Ok("round-trip", $"{Units.FormatTime(times[RoundTrips / 2])} from command to reply (median of {RoundTrips})");
    }

    /// <summary>Checks whether names are in UTF-8.</summary>
    public async Task<CheckResult> CheckUtf8Async(CancellationToken cancellationToken)
    {
        if (Features.HasUtf8)
        {
            return CheckResult.Ok("utf-8", "the server lists UTF8: names keep their letters");
        }

        FtpReply reply = await Connection.SendAsync("OPTS", "UTF8 ON", cancellationToken);
        return reply.IsCompletion
            ? CheckResult.Ok("utf-8", "the server accepts OPTS UTF8 ON, although it does not list UTF8")
            : CheckResult.Note(
                "utf-8", "the server does not support UTF8: names with other letters than a-z may look wrong",
                "--encoding NAME (latin1, windows-1252, gbk, …), if names look wrong");
    }

    /// <summary>Checks whether interrupted downloads can be resumed.</summary>
    public async Task<CheckResult> CheckRestartAsync(CancellationToken cancellationToken)
    {
        FtpReply reply = await Connection.SendAsync("REST", "1", cancellationToken);
        // REST 0 withdraws the offset, which would otherwise apply to the next transfer.
        await Connection.SendAsync("REST", "0", cancellationToken);
        return reply.IsIntermediate
            ? CheckResult.Ok("resume", "REST works: interrupted transfers continue where they stopped")
            : CheckResult.Note("resume", "REST is refused: interrupted transfers start again from zero", "enable REST on the server");
    }

    /// <summary>Reports which hashes the server computes.</summary>
    public CheckResult CheckHash()
    {
        if (Features.GetParameters("HASH") is { } algorithms)
        {
            string list = string.Join(", ", algorithms.Replace("*", "", StringComparison.Ordinal).Split(
                ';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
            return CheckResult.Ok("hash", $"HASH with {list.ToPrintable()}: fts can verify files without downloading them");
        }

        string[] others = [.. Features.Names.Where(name => name.StartsWith("XSHA", StringComparison.Ordinal) || name == "XMD5"
            || name == "XCRC").Order(StringComparer.Ordinal)];
        return others.Length > 0
            ? CheckResult.Ok("hash", $"{string.Join(", ", others)}; no HASH")
            : CheckResult.Note("hash", "no HASH: fts can only compare lengths and times");
    }

    /// <summary>Reports whether the server can set the last-modified time of a file.</summary>
    public CheckResult CheckSetTime() => Features.CanSetLastModified
        ? CheckResult.Ok("set-time", "MFMT: uploaded files keep their times")
        : CheckResult.Note("set-time", "no MFMT: uploaded files get the time of the upload");

    /// <summary>Reports whether the server can join uploaded segments.</summary>
    public CheckResult CheckJoin() => Features.Supports("COMB")
        ? CheckResult.Ok("join", "COMB: one large file can be uploaded over several connections")
        : CheckResult.Note("join", "no COMB: each file is uploaded over one connection");

    /// <summary>Checks whether data can be compressed.</summary>
    public async Task<CheckResult> CheckCompressionAsync(CancellationToken cancellationToken)
    {
        FtpReply reply = await Connection.SendAsync("MODE", "Z", cancellationToken);
        if (!reply.IsCompletion)
        {
            return CheckResult.Note("compression", "no MODE Z: files are sent uncompressed");
        }

        await Connection.SendAsync("MODE", "S", cancellationToken);
        return CheckResult.Ok("compression", "MODE Z: --compress makes text faster on slow networks");
    }
}
