using FsCheck;
using FsCheck.Fluent;

namespace Fts.Storage.Tests;

public sealed class StorePathProperties
{
    /// <summary>Generates path components of ordinary and hostile clients, and sometimes arbitrary text.</summary>
    private static readonly Gen<string> s_text = Gen.OneOf(
        Gen.Elements("/", "//", ".", "..", "../", "/..", "...", "a", "b", "A b", "\\", "..\\", "%2e%2e", "é", "🦊", "\0", "\r", "\n",
            "\ud800", "\udc00", "\udce9", "\udcc3", "\udca9", "\udc2f", " ", "~", "C:", new string('x', 256)),
        ArbMap.Default.GeneratorFor<string>().Select(text => text ?? ""))
        .ListOf().Select(string.Concat);

    private static readonly Arbitrary<(StorePath From, string Text)> s_resolutions =
        (from text in s_text from start in s_text select (StorePath.Root.Resolve(start) ?? StorePath.Root, text)).ToArbitrary();

    [Fact]
    public void A_path_contains_no_empty_component_and_no_dots() => AssertProperty((_, path) =>
        path.IsRoot || path.Value[1..].Split('/').All(name => name is not ("" or "." or "..")));

    [Fact]
    public void A_path_starts_with_a_slash_and_does_not_end_with_one() =>
        AssertProperty((_, path) => path.Value[0] == '/' && (path.IsRoot || path.Value[^1] != '/'));

    [Fact]
    public void A_path_contains_no_NUL_CR_or_LF_and_has_one_spelling() => AssertProperty((_, path) =>
        path.Value.IndexOfAny(['\0', '\r', '\n']) < 0 && EscapedUtf8.IsCanonical(path.Value));

    [Fact]
    public void A_path_keeps_the_limits() => AssertProperty((_, path) =>
        path.Value.Length <= StorePath.MaxLength && path.Value[1..].Split('/') is var names && names.Length <= StorePath.MaxDepth
        && names.All(name => EscapedUtf8.GetBytes(name).Length <= StorePath.MaxNameBytes));

    [Fact]
    public void A_path_resolves_to_itself_from_every_directory() => AssertProperty((from, path) =>
        path.Resolve(path.Value) == path && from.Resolve(path.Value) == path && StorePath.Root.Resolve(path.Value) == path
            && path.Resolve("") == path && path.Resolve(".") == path);

    [Fact]
    public void The_child_of_the_parent_with_the_same_name_is_the_path() =>
        AssertProperty((_, path) => path.IsRoot ? path.Parent.IsRoot : path.Parent.Child(path.Name) == path);

    [Fact]
    public void Two_dots_resolve_to_the_parent() => AssertProperty((_, path) => path.Resolve("..") == path.Parent);

    [Fact]
    public void A_path_is_within_itself_and_its_parents_but_no_parent_is_within_the_path() => AssertProperty((_, path) =>
    {
        for (StorePath above = path; ; above = above.Parent)
        {
            if (!path.IsWithin(above) || (above != path && above.IsWithin(path)))
            {
                return false;
            }

            if (above.IsRoot)
            {
                return true;
            }
        }
    });

    [Fact]
    public void A_path_is_within_a_directory_if_its_first_components_are_equal() => AssertProperty((from, path) =>
        path.IsWithin(from) == Components(path).Take(Components(from).Length).SequenceEqual(Components(from)));

    [Fact]
    public void Equal_paths_have_equal_hashes() =>
        AssertProperty((_, path) => StorePath.Root.Resolve(path.Value) is { } same && same.GetHashCode() == path.GetHashCode()
        && same.Equals((object)path));

    private static string[] Components(StorePath path) => path.IsRoot ? [] : path.Value[1..].Split('/');

    /// <summary>Checks a property for every text that resolves. A text that does not resolve is ignored.</summary>
    private static void AssertProperty(Func<StorePath, StorePath, bool> property) => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(2000).WithQuietOnSuccess(true),
        Prop.ForAll(s_resolutions, sample => sample.From.Resolve(sample.Text) is not { } path || property(sample.From, path)));
}
