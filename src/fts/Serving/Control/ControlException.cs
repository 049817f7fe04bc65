namespace Fts.Serving.Control;

/// <summary>The exception for a request on the control socket that failed. The message is for the user.</summary>
/// <param name="code">One of the constants of <see cref="ControlErrorCode"/>.</param>
/// <param name="message">What failed, and why.</param>
internal sealed class ControlException(string code, string message) : Exception(message)
{
    /// <summary>One of the constants of <see cref="ControlErrorCode"/>.</summary>
    public string Code { get; } = code;
}
