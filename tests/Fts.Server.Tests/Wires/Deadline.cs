namespace Fts.Server.Tests.Wires;

/// <summary>No wait of a test is without an end. It is far off: reaching it is a failure, never a measurement.</summary>
internal static class Deadline
{
    private static readonly TimeSpan Far = TimeSpan.FromSeconds(20);

    public static Task InTime(this Task task) => task.WaitAsync(Far, TestContext.Current.CancellationToken);

    public static Task<T> InTime<T>(this Task<T> task) => task.WaitAsync(Far, TestContext.Current.CancellationToken);

    public static Task InTime(this ValueTask task) => task.AsTask().InTime();

    public static Task<T> InTime<T>(this ValueTask<T> task) => task.AsTask().InTime();
}
