namespace Fts.Server.Tests.Support;

/// <summary>No wait of a test is without an end. It is far off: reaching it is a failure, never a measurement.</summary>
internal static class Deadline
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public static Task WithDeadline(this Task task) => task.WaitAsync(Limit, TestContext.Current.CancellationToken);

    public static Task<T> WithDeadline<T>(this Task<T> task) => task.WaitAsync(Limit, TestContext.Current.CancellationToken);

    public static Task WithDeadline(this ValueTask task) => task.AsTask().WithDeadline();

    public static Task<T> WithDeadline<T>(this ValueTask<T> task) => task.AsTask().WithDeadline();
}
