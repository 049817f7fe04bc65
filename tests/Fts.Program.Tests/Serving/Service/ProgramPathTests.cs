using Fts.ProgramTests.Support;
using Fts.Serving.Service;

namespace Fts.ProgramTests.Serving.Service;

/// <summary>Tests of the path with which the program was started.</summary>
public sealed class ProgramPathTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public ProgramPathTests()
    {
        foreach (string folder in (string[])["version", "bin", "other"])
        {
            Directory.CreateDirectory(_folder[folder]);
        }

        _folder.Write("version/fts", "program");
        _folder.Write("other/fts", "another program");
        Directory.CreateSymbolicLink(_folder["current"], _folder["version"]);
        File.CreateSymbolicLink(_folder["bin/fts"], _folder["current/fts"]);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Links_in_a_path_stay() => Assert.Equal(_folder["current/fts"], Find(_folder["current/fts"]));

    [Fact]
    public void A_name_is_found_in_the_search_path() => Assert.Equal(_folder["bin/fts"], Find("fts"));

    [Theory]
    [InlineData("missing")]
    [InlineData("/nonexistent/fts")]
    [InlineData("")]
    public void A_name_that_does_not_lead_to_the_program_is_ignored(string name) => Assert.Equal(_folder["version/fts"], Find(name));

    [Fact]
    public void Another_program_of_this_name_is_ignored() => Assert.Equal(_folder["version/fts"], Find(_folder["other/fts"]));

    private string Find(string name) =>
        ProgramPath.Find(name, $"{_folder["empty"]}:{_folder["other"]}:{_folder["bin"]}", _folder["version/fts"]);
}
