namespace Fts.Client;

/// <summary>One line of the control connection, as text that is safe to print: passwords are masked, control characters escaped.</summary>
/// <param name="IsSent">True for a line to the server, false for one from it.</param>
/// <param name="Line">The line without its line end.</param>
public readonly record struct FtpTrace(bool IsSent, string Line);
