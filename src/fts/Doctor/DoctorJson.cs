using System.Text.Json.Serialization;

namespace Fts.Doctor;

/// <summary>The first line of the output of <c>--json</c>.</summary>
internal sealed record DoctorStartLine(string Type, string Schema, string Command, string Target);

/// <summary>The line of a check.</summary>
internal sealed record DoctorCheckLine(string Type, string Name, string Status, string Detail, string? Advice);

/// <summary>The last line.</summary>
internal sealed record DoctorResultLine(string Type, int ExitCode, string? Error, int Ok, int Notes, int Problems, string? NotChecked);

/// <summary>Serializes the lines without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DoctorStartLine))]
[JsonSerializable(typeof(DoctorCheckLine))]
[JsonSerializable(typeof(DoctorResultLine))]
internal sealed partial class DoctorJson : JsonSerializerContext;
