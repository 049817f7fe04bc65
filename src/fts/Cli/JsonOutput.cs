using System.Text.Json;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Cli;

/// <summary>
/// The output of a one-shot command with <c>--json</c>: one JSON object in each line of standard output. The first line has the schema,
/// and the last line has the exit code. docs/client-output.schema.json describes the lines. Thread-safe.
/// </summary>
/// <remarks>Messages for people are written to standard error as without <c>--json</c>.</remarks>
internal sealed class JsonOutput
{
    /// <summary>The option that selects this output.</summary>
    public const string OptionName = "--json";

    private const string Schema = "fts-client-output-1";

    /// <summary>The time between two progress lines of a file.</summary>
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (FtpTransferStage Stage, long Time)> _reported = [];
    private readonly Stream _output = StandardStreams.Output;
    private UserError? _lastError;
    private bool _hasResult, _isClosed;

    private JsonOutput(string command) => Write("start", writer =>
    {
        writer.WriteString("schema", Schema);
        writer.WriteString("command", command);
    });

    /// <summary>The output of this process, or null without <c>--json</c>.</summary>
    public static JsonOutput? Current { get; private set; }

    /// <summary>Starts the output if the arguments of a command contain <c>--json</c> and the command supports it.</summary>
    public static void Start(string[] args)
    {
        int end = Array.IndexOf(args, "--");
        if (args.Length > 0 && Array.IndexOf(args, OptionName, 0, end < 0 ? args.Length : end) > 0
            && HelpCommand.FindDefinition(args[0]) is { } definition
            && definition.Options.Any(option => option is { Name: OptionName, Description: Description }))
        {
            Current = new JsonOutput(args[0]);
        }
    }

    /// <summary>The description of the option. It also distinguishes the option from those of other commands with the same name.</summary>
    public const string Description = "print one JSON object per line, as described in docs/client-output.schema.json";

    /// <summary>Writes an entry of a listing.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="path">The path as the command prints it.</param>
    public void WriteEntry(FtpEntry entry, string path) => Write("entry", writer =>
    {
        writer.WriteString("path", FtpName.Escape(path));
        writer.WriteString("name", FtpName.Escape(entry.Name));
        writer.WriteString("kind", entry.Kind switch
        {
            FtpEntryKind.File => "file",
            FtpEntryKind.Directory => "folder",
            FtpEntryKind.Link => "link",
            _ => "unknown",
        });
        if (entry is { Length: { } length, Kind: not FtpEntryKind.Directory })
        {
            writer.WriteNumber("size", length);
        }

        if (entry.LastModified is { } time)
        {
            writer.WriteString("modified", time.UtcDateTime);
        }

        if (entry.UnixMode is { } mode)
        {
            writer.WriteString("mode", Convert.ToString((int)mode, 8).PadLeft(4, '0'));
        }

        if (entry.LinkTarget is { } target)
        {
            writer.WriteString("target", FtpName.Escape(target));
        }
    });

    /// <summary>Writes the progress of a file: each new stage, and the bytes once a second.</summary>
    public void WriteProgress(FtpProgress progress)
    {
        lock (_lock)
        {
            long now = Environment.TickCount64;
            if (_reported.TryGetValue(progress.Path, out (FtpTransferStage Stage, long Time) last) && last.Stage == progress.Stage
                && now - last.Time < ProgressInterval.TotalMilliseconds)
            {
                return;
            }

            _reported[progress.Path] = (progress.Stage, now);
        }

        Write("progress", writer =>
        {
            writer.WriteString("path", FtpName.Escape(progress.Path));
            writer.WriteString("stage", progress.Stage switch
            {
                FtpTransferStage.Connecting => "connecting",
                FtpTransferStage.Transferring => "transferring",
                FtpTransferStage.AwaitingReply => "confirming",
                FtpTransferStage.Committing => "renaming",
                _ => "verifying",
            });
            writer.WriteNumber("bytes", progress.Bytes);
            writer.WriteNumber("resumedBytes", progress.ResumedBytes);
            if (progress.TotalBytes is { } total)
            {
                writer.WriteNumber("totalBytes", total);
            }
        });
    }

    /// <summary>Writes the end of the transfer of one file.</summary>
    /// <param name="isUpload">The direction.</param>
    /// <param name="localPath">The local file.</param>
    /// <param name="remotePath">The remote file.</param>
    /// <param name="status">The status: <c>complete</c>, <c>skipped</c> or <c>failed</c>.</param>
    /// <param name="result">The result of a complete transfer.</param>
    /// <param name="error">The error of a failed transfer.</param>
    public void WriteTransfer(
        bool isUpload, string localPath, string remotePath, string status, FtpTransferResult? result = null, UserError? error = null)
    {
        lock (_lock)
        {
            _reported.Remove(remotePath);
        }

        Write("transfer", writer =>
        {
            writer.WriteString("direction", isUpload ? "upload" : "download");
            writer.WriteString("localPath", localPath);
            writer.WriteString("path", FtpName.Escape(remotePath));
            writer.WriteString("status", status);
            if (result is not null)
            {
                writer.WriteNumber("bytes", result.Bytes);
                writer.WriteNumber("resumedBytes", result.ResumedBytes);
                writer.WriteNumber("seconds", Math.Round(result.Elapsed.TotalSeconds, 3));
                writer.WriteString("verifiedBy", result.VerifiedBy switch
                {
                    FtpVerifiedBy.Hash => "hash",
                    FtpVerifiedBy.Length => "length",
                    _ => "reply",
                });
            }

            WriteError(writer, error);
        });
    }

    /// <summary>Writes a change on the server, or a planned change of a dry run.</summary>
    /// <param name="action">The action: <c>remove</c>, <c>rename</c>, <c>mkdir</c> or <c>rmdir</c>.</param>
    /// <param name="path">The path.</param>
    /// <param name="isDryRun">Whether the change is only planned.</param>
    /// <param name="newPath">The new path of a renamed entry.</param>
    public void WriteChange(string action, string path, bool isDryRun, string? newPath = null) => Write("change", writer =>
    {
        writer.WriteString("action", action);
        writer.WriteString("path", FtpName.Escape(path));
        if (newPath is not null)
        {
            writer.WriteString("newPath", FtpName.Escape(newPath));
        }

        writer.WriteBoolean("dryRun", isDryRun);
    });

    /// <summary>Writes the result of a check of <c>fts doctor</c>.</summary>
    /// <param name="name">The name of the check.</param>
    /// <param name="status">The verdict: <c>ok</c>, <c>note</c> or <c>problem</c>.</param>
    /// <param name="detail">What was measured.</param>
    /// <param name="advice">The setting or command to use; null for none.</param>
    public void WriteCheck(string name, string status, string detail, string? advice) => Write("check", writer =>
    {
        writer.WriteString("name", name);
        writer.WriteString("status", status);
        writer.WriteString("detail", detail.ToPrintable());
        if (advice is not null)
        {
            writer.WriteString("advice", advice.ToPrintable());
        }
    });

    /// <summary>Writes the announcement of a repeated attempt.</summary>
    public void WriteRetry(int attempt, int attempts, TimeSpan delay, string reason) => Write("retry", writer =>
    {
        writer.WriteNumber("attempt", attempt);
        writer.WriteNumber("attempts", attempts);
        writer.WriteNumber("delaySeconds", Math.Round(delay.TotalSeconds, 3));
        writer.WriteString("reason", reason);
    });

    /// <summary>Records an error, which the result contains if the command fails.</summary>
    public void RecordError(UserError error)
    {
        lock (_lock)
        {
            _lastError = error;
        }
    }

    /// <summary>Writes the result as the last line. Later calls and lines have no effect.</summary>
    public void WriteResult(ExitCode code)
    {
        UserError? error;
        lock (_lock)
        {
            if (_hasResult)
            {
                return;
            }

            error = code == ExitCode.Success ? null : _lastError ?? new UserError(code, "the command failed");
        }

        Write("result", writer =>
        {
            writer.WriteNumber("exitCode", (int)code);
            WriteError(writer, error);
        });
        lock (_lock)
        {
            _hasResult = true;
        }
    }

    private static void WriteError(Utf8JsonWriter writer, UserError? error)
    {
        if (error is null)
        {
            return;
        }

        writer.WriteStartObject("error");
        writer.WriteNumber("exitCode", (int)error.ExitCode);
        writer.WriteString("message", error.Message.ToPrintable());
        if (error.ServerReply is not null)
        {
            writer.WriteString("serverReply", error.ServerReply.ToPrintable());
        }

        if (error.Advice is not null)
        {
            writer.WriteString("advice", error.Advice.ToPrintable());
        }

        writer.WriteEndObject();
    }

    private void Write(string type, Action<Utf8JsonWriter> writeProperties)
    {
        using var line = new MemoryStream();
        using (var writer = new Utf8JsonWriter(line))
        {
            writer.WriteStartObject();
            writer.WriteString("type", type);
            writeProperties(writer);
            writer.WriteEndObject();
        }

        line.WriteByte((byte)'\n');
        lock (_lock)
        {
            if (_hasResult || _isClosed)
            {
                return;
            }

            try
            {
                _output.Write(line.GetBuffer().AsSpan(0, (int)line.Length));
            }
            catch (OutputException)
            {
                // The reader has closed the pipe. The command continues, as its work does not depend on the output.
                _isClosed = true;
            }
        }
    }
}
