namespace Fts.FuzzTests.Engine;

/// <summary>Checks in the fuzzer's loop: those of a test framework format their message each time, which millions of inputs would pay for.</summary>
internal static class FuzzAssert
{
    public static void True(bool holds, string what)
    {
        if (!holds)
        {
            throw new FuzzFailureException(what);
        }
    }

    public static void Equal<T>(T expected, T actual, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
        {
            throw new FuzzFailureException($"{what}: {expected} became {actual}");
        }
    }
}
