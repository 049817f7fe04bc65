using System.Collections.Concurrent;
using Fts.Accounts;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Access;

/// <summary>One account, <c>owner</c> with the password <c>right</c>. Counts the checked passwords.</summary>
internal sealed class GuessableAccounts : IAuthenticator
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _holds = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _checks;

    public int Checks
    {
        get
        {
            lock (_lock)
            {
                return _checks;
            }
        }
    }

    public bool RequiresPassword(string userName) => true;

    public async ValueTask<Account?> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _checks++;
            _changed.SetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        if (_holds.TryGetValue(credentials.Password, out TaskCompletionSource? hold))
        {
            await hold.Task;
        }

        return credentials is { UserName: "owner", Password: "right" } ? new Account("owner", Permissions.ReadWrite) : null;
    }

    /// <summary>Makes the check of a password wait until the test completes the returned source.</summary>
    public TaskCompletionSource Hold(string password) =>
        _holds[password] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Waits until <paramref name="count"/> passwords were checked.</summary>
    public async Task WaitForChecksAsync(int count)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_checks >= count)
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed.WithDeadline();
        }
    }
}
