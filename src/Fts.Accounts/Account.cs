namespace Fts.Accounts;

/// <summary>Somebody who has signed in.</summary>
/// <param name="Name">The name, for logs and limits.</param>
/// <param name="Permissions">What the account may do with files.</param>
public sealed record Account(string Name, Permissions Permissions);
