namespace Fts.Bench.Load;

/// <summary>A measurement that cannot count: the server refused, answered nonsense or went away.</summary>
internal sealed class LoadException(string message) : Exception(message);
