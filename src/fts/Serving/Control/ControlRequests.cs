using System.Reflection;
using System.Security.Authentication;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fts.Accounts.Bans;
using Fts.Accounts.Events;
using Fts.Protocol;
using Fts.Server;

namespace Fts.Serving.Control;

/// <summary>The requests that a running server accepts on its control socket. A new request is a row of <see cref="CreateRows"/>.</summary>
internal sealed class ControlRequests
{
    private readonly FtpServer _server;
    private readonly Func<CancellationToken, ValueTask> _refreshAsync;
    private readonly RecordRequests? _records;
    private readonly Action<long, string?> _kicked;
    private readonly FoldersResult _folders;
    private readonly DateTimeOffset _startedAt;
    private readonly Dictionary<string, Row> _rows;

    /// <summary>Creates the requests.</summary>
    /// <param name="server">The server.</param>
    /// <param name="refreshAsync">Applies changes of the accounts to the open sessions.</param>
    /// <param name="records">The requests for events and quotas, or null if the server has none.</param>
    /// <param name="folders">The folders that the sandbox allows. Default: no sandbox.</param>
    /// <param name="kicked">Receives each session that a request ended, and the system user that sent the request.</param>
    public ControlRequests(
        FtpServer server, Func<CancellationToken, ValueTask> refreshAsync, RecordRequests? records = null,
        Action<long, string?>? kicked = null, FoldersResult? folders = null)
    {
        _folders = folders ?? new FoldersResult(AreAll: true, []);
        _kicked = kicked ?? ((_, _) => { });
        (_server, _refreshAsync, _records, _startedAt) = (server, refreshAsync, records, DateTimeOffset.UtcNow);
        _rows = CreateRows().ToDictionary(row => row.Name);
    }

    /// <summary>Parses and runs the request of one line. Returns the response, also if the request is invalid or fails.</summary>
    /// <param name="line">The request.</param>
    /// <param name="user">The system user that sent the request, or null if unknown.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async ValueTask<ControlResponse> RunAsync(ReadOnlyMemory<byte> line, string? user, CancellationToken cancellationToken)
    {
        try
        {
            ControlRequest? request = JsonSerializer.Deserialize(line.Span, ControlJson.Default.ControlRequest);
            if (request is null)
            {
                throw new ControlException(ControlErrorCode.Invalid, "the request is empty");
            }

            if (request.Version != ControlRequest.CurrentVersion || !_rows.TryGetValue(request.Request, out Row? row))
            {
                throw new ControlException(
                    ControlErrorCode.Unsupported,
                    $"the server does not support the request {request.Request} (version {request.Version}); restart the server");
            }

            return new ControlResponse(ControlRequest.CurrentVersion, await row.RunAsync(request.Parameters, user, cancellationToken));
        }
        catch (ControlException e)
        {
            return CreateError(e.Code, e.Message);
        }
        catch (JsonException e)
        {
            return CreateError(ControlErrorCode.Invalid, $"invalid request: {e.Message}");
        }
        catch (IOException e)
        {
            return CreateError(ControlErrorCode.Failed, e.Message);
        }
    }

    /// <summary>Returns the response for a failed request.</summary>
    public static ControlResponse CreateError(string code, string message) =>
        new(ControlRequest.CurrentVersion, Error: new ControlError(code, message.ToPrintable()));

    /// <summary>Returns a ban as a message.</summary>
    public static BanStatus ToMessage(Ban ban) => new(
        ban.Subject.ToString(), ban.Reason,
        ban.Source == BanSource.Manual ? AccountEvent.AdministratorSource : AccountEvent.AutomaticSource, ban.Failures, ban.Since,
        ban.Until, ban.Actor);

    private IEnumerable<Row> CreateRows() =>
    [
        Create("status", ControlJson.Default.ControlNothing, ControlJson.Default.StatusResult, (_, _, _) => new(GetStatus())),
        Create("kick", ControlJson.Default.KickParameters, ControlJson.Default.KickResult,
            (parameters, user, _) => new(Kick(parameters, user))),
        Create("ban-list", ControlJson.Default.ControlNothing, ControlJson.Default.BanListResult, (_, _, _) => new(ListBans())),
        Create("ban-add", ControlJson.Default.BanAddParameters, ControlJson.Default.BanAddResult, AddBanAsync),
        Create("ban-remove", ControlJson.Default.BanRemoveParameters, ControlJson.Default.ControlNothing, RemoveBanAsync),
        Create("folders", ControlJson.Default.ControlNothing, ControlJson.Default.FoldersResult, (_, _, _) => new(_folders)),
        Create("refresh", ControlJson.Default.ControlNothing, ControlJson.Default.ControlNothing, RefreshAsync),
        Create("flush", ControlJson.Default.ControlNothing, ControlJson.Default.ControlNothing, FlushAsync),
        Create("quota", ControlJson.Default.QuotaParameters, ControlJson.Default.QuotaStatus,
            (parameters, _, token) => GetRecords().GetQuotaAsync(parameters, token)),
        Create("recount", ControlJson.Default.QuotaParameters, ControlJson.Default.RecountResult,
            (parameters, _, token) => GetRecords().RecountAsync(parameters, token)),
    ];

    private StatusResult GetStatus()
    {
        var attribute = typeof(ControlRequests).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>();
        return new StatusResult(
            $"fts {attribute?.InformationalVersion.Split('+')[0]}", Environment.ProcessId, _server.EndPoint.ToString(), _startedAt,
            DateTimeOffset.UtcNow,
            [.. _server.GetSessions().Select(ToMessage)]);
    }

    private KickResult Kick(KickParameters parameters, string? user)
    {
        string reason = parameters.Reason is { Length: > 0 and <= Ban.MaxReasonLength } text
            ? $"Session ended by the administrator: {text}"
            : "Session ended by the administrator.";
        long[] ended = [.. parameters.Sessions.Distinct().Where(id => _server.EndSession(id, reason))];
        foreach (long id in ended)
        {
            _kicked(id, user);
        }

        return new KickResult(ended);
    }

    private BanListResult ListBans()
    {
        FtpBanList bans = GetBans();
        return new BanListResult(
            [.. bans.GetBans().Select(ban => ToMessage(ban) with { HasNoEffect = bans.IsNeverBanned(ban.Subject) ? true : null })]);
    }

    private async ValueTask<BanAddResult> AddBanAsync(
        BanAddParameters parameters, string? user, CancellationToken cancellationToken)
    {
        FtpBanList bans = GetBans();
        Ban ban = BanRequests.Create(parameters, user, DateTimeOffset.UtcNow);
        BanRequests.ThrowIfNeverBanned(ban.Subject, bans.NeverBanned);

        await bans.AddAsync(ban, cancellationToken);
        return new BanAddResult(_server.EndSessions(
            session => ban.Subject.Matches(session.Client.Address, session.Account) && !bans.IsNeverBanned(session.Client.Address),
            "Session ended by the administrator."));
    }

    private async ValueTask<ControlNothing> RemoveBanAsync(
        BanRemoveParameters parameters, string? user, CancellationToken cancellationToken) =>
        await GetBans().RemoveAsync(BanRequests.ParseSubject(parameters.Subject), user, cancellationToken)
            ? new ControlNothing()
            : throw BanRequests.CreateNotFound(parameters.Subject);

    private async ValueTask<ControlNothing> RefreshAsync(
        ControlNothing parameters, string? user, CancellationToken cancellationToken)
    {
        await _refreshAsync(cancellationToken);
        if (_server.Bans is { } bans)
        {
            await bans.RefreshAsync(cancellationToken);
        }

        return parameters;
    }

    private async ValueTask<ControlNothing> FlushAsync(
        ControlNothing parameters, string? user, CancellationToken cancellationToken)
    {
        await GetRecords().FlushAsync(cancellationToken);
        return parameters;
    }

    private RecordRequests GetRecords() =>
        _records ?? throw new ControlException(ControlErrorCode.Unsupported, "the server has no events and no quotas");

    private FtpBanList GetBans() => _server.Bans ?? throw new ControlException(ControlErrorCode.Unsupported, "the server has no bans");

    private static SessionStatus ToMessage(FtpSessionInfo session) => new(
        session.Id, session.Client.Address.ToString(), session.Client.Port, session.ConnectedAt,
        Math.Round(session.IdleTime.TotalSeconds, 1), session.Account, session.Host,
        session.Tls is { } tls ? FormatProtocol(tls.Protocol) : null, session.Tls?.CipherSuite.ToString(), session.LastCommand,
        session.Transfer is { } transfer ? ToMessage(transfer) : null);

    private static TransferStatus ToMessage(FtpTransferInfo transfer)
    {
        string kind = transfer.Kind switch
        {
            FtpTransferKind.Upload => "upload",
            FtpTransferKind.Download => "download",
            FtpTransferKind.Listing => "listing",
            _ => "other",
        };
        return new TransferStatus(
            kind, transfer.Verb, transfer.Path, transfer.Bytes, transfer.BytesPerSecond, transfer.StartedAt, transfer.TotalBytes);
    }

    private static string FormatProtocol(SslProtocols protocol) => protocol switch
    {
        SslProtocols.Tls12 => "TLS 1.2",
        SslProtocols.Tls13 => "TLS 1.3",
        _ => protocol.ToString(),
    };

    /// <summary>Creates a row from the types of its parameters and its result.</summary>
    private static Row Create<TParameters, TResult>(
        string name, JsonTypeInfo<TParameters> parametersType, JsonTypeInfo<TResult> resultType,
        Func<TParameters, string?, CancellationToken, ValueTask<TResult>> runAsync)
        where TParameters : class
    {
        return new Row(name, async (element, user, cancellationToken) =>
        {
            TParameters parameters = element is { } given
                ? given.Deserialize(parametersType) ?? throw new JsonException("the parameters are null")
                : JsonSerializer.Deserialize("{}"u8, parametersType)!;
            return JsonSerializer.SerializeToElement(await runAsync(parameters, user, cancellationToken), resultType);
        });
    }

    /// <summary>One request.</summary>
    /// <param name="Name">The name in the message.</param>
    /// <param name="RunAsync">Runs the request with its parameters, and returns the result.</param>
    private sealed record Row(string Name, Func<JsonElement?, string?, CancellationToken, ValueTask<JsonElement>> RunAsync);
}
