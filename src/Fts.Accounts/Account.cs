namespace Fts.Accounts;

/// <summary>The account of a logged-in client.</summary>
/// <param name="Name">The name, for logs and limits.</param>
/// <param name="Permissions">The permissions on files.</param>
public sealed record Account(string Name, Permissions Permissions);
