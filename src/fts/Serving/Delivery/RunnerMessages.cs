using System.Text.Json.Serialization;

namespace Fts.Serving.Delivery;

/// <summary>
/// The first message to the runner: all settings that it ever uses. The server sends it before it accepts clients, so that no client can
/// influence which program or address receives events.
/// </summary>
/// <param name="Command">The path of the program and its arguments. Empty for no program.</param>
/// <param name="TimeLimit">The time limit of the program in seconds.</param>
/// <param name="Url">The address of the web hook, or null for none.</param>
/// <param name="Secret">The secret of the web hook, or null for none.</param>
/// <param name="OpenFiles">The limit on open files of the program, or null to keep that of the runner.</param>
internal sealed record RunnerSetup(IReadOnlyList<string> Command, double TimeLimit, string? Url, byte[]? Secret, ulong? OpenFiles = null);

/// <summary>A further message to the runner: an event to deliver once.</summary>
/// <param name="Number">The number of the request, which the response repeats.</param>
/// <param name="Target"><see cref="ServerDelivery.ProgramName"/> or <see cref="ServerDelivery.WebhookName"/>.</param>
/// <param name="EventId">The number of the event.</param>
/// <param name="EventType">The name of the type of the event.</param>
/// <param name="Payload">The JSON of the event.</param>
internal sealed record RunnerRequest(long Number, string Target, long EventId, string EventType, byte[] Payload);

/// <summary>A message from the runner: the result of a delivery.</summary>
/// <param name="Number">The number of the request.</param>
/// <param name="Error">The reason of a failure, or null.</param>
/// <param name="Output">The first bytes of the output of the program.</param>
internal sealed record RunnerResponse(long Number, string? Error, string Output);

/// <summary>The generated serialisation, which Native AOT requires.</summary>
[JsonSerializable(typeof(RunnerSetup))]
[JsonSerializable(typeof(RunnerRequest))]
[JsonSerializable(typeof(RunnerResponse))]
internal sealed partial class RunnerJson : JsonSerializerContext;
