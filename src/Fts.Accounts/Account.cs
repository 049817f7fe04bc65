namespace Fts.Accounts;

/// <summary>The account of a logged-in client.</summary>
/// <param name="Name">
/// The name. Logs contain it. Together with the client ID (<see cref="UserFiles"/>), it identifies the owner of partial uploads.
/// </param>
/// <param name="Permissions">The permissions on files and directories.</param>
public sealed record Account(string Name, Permissions Permissions);
