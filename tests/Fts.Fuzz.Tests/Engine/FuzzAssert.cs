namespace Fts.FuzzTests.Engine;

/// <summary>
/// Assertions for the loop of the fuzzer. They create a message only on failure, because the loop runs millions of times.
/// </summary>
internal static class FuzzAssert
{
    public static void True(bool condition, string rule)
    {
        if (!condition)
        {
            throw new FuzzFailureException($"violated: {rule}");
        }
    }

    public static void Equal<T>(T expected, T actual, string rule)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
        {
            throw new FuzzFailureException($"violated: {rule}; expected {expected}, actual {actual}");
        }
    }
}
