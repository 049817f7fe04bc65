using System.Reflection;
using Fts.ProgramTests.Support;
using PublicApiGenerator;

namespace Fts.ProgramTests.Architecture;

/// <summary>
/// What a user of the libraries can write is approved line by line, in the text files beside this one. After a change that is meant, run
/// the tests once with <c>FTS_APPROVE_API=1</c> and commit the difference.
/// </summary>
public sealed class PublicApiTests
{
    public static TheoryData<string> Libraries =>
        ["Fts.Protocol", "Fts.Storage", "Fts.Accounts", "Fts.Accounts.Sql", "Fts.Server", "Fts.Client"];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void The_public_api_is_the_approved_one(string library)
    {
        string file = Path.Combine(Repository.Root, "tests", "Fts.Program.Tests", "Architecture", "Approved", library + ".txt");
        string actual = Assembly.Load(library).GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false })
            .ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable("FTS_APPROVE_API") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, actual);
            return;
        }

        string[] approved = File.Exists(file) ? File.ReadAllLines(file) : [];
        string[] actualLines = actual.TrimEnd('\n').Split('\n');
        if (!approved.SequenceEqual(actualLines))
        {
            Assert.Fail($"""
                The public API of {library} is not the approved one.
                {string.Join('\n', approved.Except(actualLines).Select(line => "gone: " + line.Trim()))}
                {string.Join('\n', actualLines.Except(approved).Select(line => "new:  " + line.Trim()))}
                If that is meant: FTS_APPROVE_API=1, run this test, commit {Path.GetRelativePath(Repository.Root, file)}.
                """);
        }
    }
}
