using Fts.Cli;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Doctor;

/// <summary>
/// The logged-in control connections of the checks. At most one is open at a time, except in the check of the connection limit, because
/// some servers accept few connections of one client. Owns the connection of <see cref="LogInAsync"/>.
/// </summary>
internal sealed class DoctorSession(DoctorSettings settings) : IAsyncDisposable
{
    private FtpConnection? _connection;
    private string? _directory;

    /// <summary>The settings, with the port and the encryption that were found.</summary>
    public DoctorSettings Settings => settings;

    /// <summary>The open control connection.</summary>
    /// <exception cref="InvalidOperationException">No connection is open.</exception>
    public FtpConnection Connection => _connection ?? throw new InvalidOperationException("The connection is closed.");

    /// <summary>What the server lists as its features, after the login.</summary>
    public FtpServerFeatures Features { get; private set; } = null!;

    /// <summary>Whether the connections are encrypted.</summary>
    public bool IsEncrypted { get; private set; }

    /// <summary>The name of the file that the URL names; null if it names no file.</summary>
    public string? FilePath { get; private set; }

    /// <summary>Logs in. The connection stays open for further checks.</summary>
    public async Task<CheckResult> LogInAsync(CancellationToken cancellationToken)
    {
        _connection = await ConnectAsync(settings.Options, cancellationToken);
        (Features, IsEncrypted) = (_connection.Features, _connection.TlsVersion != System.Security.Authentication.SslProtocols.None);
        string protection = IsEncrypted ? "encrypted" : "not encrypted";
        string user = settings.Options.Credentials.UserName.ToPrintable();
        return CheckResult.Ok("login", $"{user} logged in, {protection}");
    }

    /// <summary>Finds the file or folder of the URL. Later connections enter the folder.</summary>
    public async Task<CheckResult> FindPathAsync(CancellationToken cancellationToken)
    {
        string path = settings.Target.UrlPath!;
        FtpEntry? entry = await Connection.GetEntryAsync(path, cancellationToken);
        switch (entry?.Kind)
        {
            case null:
                return CheckResult.Problem("path", ExitCode.NotFound, $"{path} does not exist", "another path in the URL");
            case FtpEntryKind.Directory:
                _directory = path;
                return CheckResult.Ok("path", $"{path} is a folder");
            default:
                FilePath = path;
                return CheckResult.Ok("path", $"{path} is a file of {entry.Length?.ToString() ?? "unknown"} bytes");
        }
    }

    /// <summary>Opens a further connection, logs in and enters the folder of the URL. The caller disposes the connection.</summary>
    /// <param name="mode">Which side opens data connections.</param>
    /// <param name="trace">Receives the lines of the connection; null if not needed.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<FtpConnection> OpenAsync(FtpDataMode mode, Action<FtpTrace>? trace, CancellationToken cancellationToken)
    {
        Action<FtpTrace>? debug = settings.Options.Trace;
        FtpClientOptions options = settings.Options with
        {
            DataMode = mode,
            Trace = trace is null ? debug : line =>
            {
                debug?.Invoke(line);
                trace(line);
            },
        };
        FtpConnection connection = await ConnectAsync(options, cancellationToken);
        if (_directory is { } directory)
        {
            FtpReply reply = await connection.SendAsync("CWD", directory, cancellationToken);
            if (!reply.IsCompletion)
            {
                await connection.DisposeAsync();
                throw new FtpReplyException(reply, $"CWD {directory}");
            }
        }

        return connection;
    }

    /// <summary>Closes the connection of <see cref="LogInAsync"/>.</summary>
    public async ValueTask CloseAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync();
        }
    }

    public ValueTask DisposeAsync() => CloseAsync();

    private static async Task<FtpConnection> ConnectAsync(FtpClientOptions options, CancellationToken cancellationToken)
    {
        FtpConnection connection = await FtpConnection.ConnectAsync(options, cancellationToken);
        try
        {
            await connection.LoginAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
