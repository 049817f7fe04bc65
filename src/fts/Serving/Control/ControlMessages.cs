using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fts.Serving.Control;

/// <summary>A request on the control socket: one line of JSON.</summary>
/// <param name="Version">The version of the protocol, <see cref="CurrentVersion"/>.</param>
/// <param name="Request">The name of the request, a row of <see cref="ControlRequests"/>.</param>
/// <param name="Parameters">The parameters, or null if the request has none.</param>
internal sealed record ControlRequest(int Version, string Request, JsonElement? Parameters = null)
{
    /// <summary>The version of the protocol. It changes only if older programs would misunderstand a message.</summary>
    public const int CurrentVersion = 1;
}

/// <summary>The response to a request: one line of JSON with a result or an error.</summary>
internal sealed record ControlResponse(int Version, JsonElement? Result = null, ControlError? Error = null);

/// <summary>The reason for a failed request.</summary>
/// <param name="Code">One of the constants of <see cref="ControlErrorCode"/>.</param>
/// <param name="Message">A message for the user.</param>
internal sealed record ControlError(string Code, string Message);

/// <summary>The error codes of responses.</summary>
internal static class ControlErrorCode
{
    /// <summary>The request is not valid JSON, or has invalid parameters.</summary>
    public const string Invalid = "invalid";
    /// <summary>The server does not support the request or the version of the protocol.</summary>
    public const string Unsupported = "unsupported";
    /// <summary>The session or the ban does not exist.</summary>
    public const string NotFound = "not-found";
    /// <summary>The request failed.</summary>
    public const string Failed = "failed";
}

/// <summary>The parameters of a request without parameters, and the result of a request without a result.</summary>
internal sealed record ControlNothing;

/// <summary>The result of <c>status</c>.</summary>
internal sealed record StatusResult(
    string Program, int ProcessId, string Address, DateTimeOffset StartedAt, DateTimeOffset Now, IReadOnlyList<SessionStatus> Sessions);

/// <summary>The state of one session.</summary>
internal sealed record SessionStatus(
    long Id, string Address, int Port, DateTimeOffset ConnectedAt, double IdleSeconds, string? Account = null, string? Host = null,
    string? Tls = null, string? Cipher = null, string? LastCommand = null, TransferStatus? Transfer = null);

/// <summary>The state of a running transfer.</summary>
internal sealed record TransferStatus(
    string Kind, string Verb, string Path, long Bytes, long BytesPerSecond, DateTimeOffset StartedAt, long? TotalBytes = null);

/// <summary>The parameters of <c>kick</c>.</summary>
internal sealed record KickParameters(IReadOnlyList<long> Sessions, string? Reason = null);

/// <summary>The result of <c>kick</c>: the sessions that were ended. The others did not exist.</summary>
internal sealed record KickResult(IReadOnlyList<long> Ended);

/// <summary>The result of <c>ban-list</c>.</summary>
internal sealed record BanListResult(IReadOnlyList<BanStatus> Bans);

/// <summary>One ban.</summary>
internal sealed record BanStatus(
    string Subject, string Reason, string Source, int Failures, DateTimeOffset Since, DateTimeOffset? Until = null, string? Actor = null)
{
    /// <summary>Whether the ban has no effect, because its network is never banned. Null for no, or if no server runs.</summary>
    public bool? HasNoEffect { get; init; }
}

/// <summary>The parameters of <c>ban-add</c>.</summary>
internal sealed record BanAddParameters(string Subject, string Reason, DateTimeOffset? Until = null);

/// <summary>The result of <c>ban-add</c>.</summary>
/// <param name="EndedSessions">The number of sessions to which the ban applies, and which were ended.</param>
internal sealed record BanAddResult(int EndedSessions);

/// <summary>The parameters of <c>ban-remove</c>.</summary>
internal sealed record BanRemoveParameters(string Subject);

/// <summary>The result of <c>folders</c>.</summary>
/// <param name="AreAll">Whether the server can open all folders that its user can open, because it has no sandbox.</param>
/// <param name="Folders">The served folders and the folders of accounts that the sandbox allows.</param>
internal sealed record FoldersResult(bool AreAll, IReadOnlyList<string> Folders);

/// <summary>The parameters of <c>quota</c> and <c>recount</c>.</summary>
internal sealed record QuotaParameters(string Account);

/// <summary>The result of <c>quota</c>: the usage of the home directory of an account.</summary>
/// <param name="Directory">The real path of the home directory.</param>
/// <param name="Bytes">The bytes of all files.</param>
/// <param name="Files">The number of files.</param>
/// <param name="ReservedBytes">The bytes of running uploads, in addition.</param>
/// <param name="CountedAt">When the directory was last counted, or null if it was not counted yet.</param>
internal sealed record QuotaStatus(
    string Directory, long Bytes, long Files, long ReservedBytes = 0, DateTimeOffset? CountedAt = null);

/// <summary>The result of <c>recount</c>.</summary>
/// <param name="Quota">The usage after the count.</param>
/// <param name="Bytes">The number of bytes by which the usage was corrected.</param>
/// <param name="Files">The number of files by which the usage was corrected.</param>
internal sealed record RecountResult(QuotaStatus Quota, long Bytes, long Files);

/// <summary>Converts the messages to JSON and back, with code that the compiler generates.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlResponse))]
[JsonSerializable(typeof(ControlNothing))]
[JsonSerializable(typeof(StatusResult))]
[JsonSerializable(typeof(KickParameters))]
[JsonSerializable(typeof(KickResult))]
[JsonSerializable(typeof(BanListResult))]
[JsonSerializable(typeof(BanStatus))]
[JsonSerializable(typeof(BanAddParameters))]
[JsonSerializable(typeof(BanAddResult))]
[JsonSerializable(typeof(BanRemoveParameters))]
[JsonSerializable(typeof(FoldersResult))]
[JsonSerializable(typeof(QuotaParameters))]
[JsonSerializable(typeof(QuotaStatus))]
[JsonSerializable(typeof(RecountResult))]
internal sealed partial class ControlJson : JsonSerializerContext;
