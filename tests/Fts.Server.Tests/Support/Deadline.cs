namespace Fts.Server.Tests.Support;

/// <summary>The time limit of every wait in a test. It is long, so that reaching it is a failure and not a timing measurement.</summary>
internal static class Deadline
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public static Task WithDeadline(this Task task) => task.WaitAsync(Limit, TestContext.Current.CancellationToken);

    public static Task<T> WithDeadline<T>(this Task<T> task) => task.WaitAsync(Limit, TestContext.Current.CancellationToken);

    public static Task WithDeadline(this ValueTask task) => task.AsTask().WithDeadline();

    public static Task<T> WithDeadline<T>(this ValueTask<T> task) => task.AsTask().WithDeadline();
}
