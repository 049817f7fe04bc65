namespace Fts.Bench.Load;

/// <summary>
/// A measurement failed: the server sent a negative or invalid reply, or closed the connection, or a requirement is missing.
/// </summary>
/// <param name="message">The reason, as a phrase.</param>
internal sealed class MeasurementException(string message) : Exception(message);
