using Fts.Client;
using Fts.FuzzTests.Engine;
using Fts.Storage;

namespace Fts.FuzzTests.Targets;

/// <summary>Names and paths from a peer. None of them leaves its directory.</summary>
internal static class PathTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        FuzzTarget.OfText("store-path", CheckStorePath) with { BytesPerByte = 256 },
        FuzzTarget.OfText("safe-name", CheckSafeName) with { Corpus = "store-path" },
    ];

    private static void CheckStorePath(string text)
    {
        StorePath home = StorePath.Root.Child("home").Child("ann");
        foreach (StorePath from in (StorePath[])[StorePath.Root, home])
        {
            if (from.Resolve(text) is not { } path)
            {
                continue;
            }

            string[] names = path.IsRoot ? [] : path.Value[1..].Split('/');
            FuzzAssert.True(path.Value.StartsWith('/') && path.Value.Length <= StorePath.MaxLength &&
                names.Length <= StorePath.MaxDepth, "a path is absolute and within its limits");
            FuzzAssert.True(names.All(name => name is not ("" or "." or "..") &&
                !name.AsSpan().ContainsAny('\0', '\r', '\n')), "a path cannot leave the root");
            FuzzAssert.Equal(path, home.Resolve(path.Value), "a path resolves to itself");
            FuzzAssert.True(path.IsRoot || path.Parent.Child(path.Name) == path, "a path is its parent's child");
        }
    }

    private static void CheckSafeName(string text)
    {
        string directory = Path.Combine(Path.GetTempPath(), "in");
        if (RemotePath.IsSafeName(text))
        {
            FuzzAssert.Equal(directory, Path.GetDirectoryName(Path.GetFullPath(Path.Combine(directory, text))),
                "a safe name stays in its directory");
        }

        FuzzAssert.True(RemotePath.GetName(text).Length <= text.Length &&
            RemotePath.GetParent(text).Length <= text.Length, "the parts of a path are not longer than the path");
    }
}
