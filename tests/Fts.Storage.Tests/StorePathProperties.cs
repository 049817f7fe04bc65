using FsCheck;
using FsCheck.Fluent;

namespace Fts.Storage.Tests;

public sealed class StorePathProperties
{
    /// <summary>What hostile and ordinary clients build paths from, and now and then anything at all.</summary>
    private static readonly Gen<string> s_text = Gen.OneOf(
        Gen.Elements("/", "//", ".", "..", "../", "/..", "...", "a", "b", "A b", "\\", "..\\", "%2e%2e", "é", "🦊", "\0", "\r", "\n", "\ud800", "\udc00", "\udce9", "\udcc3", "\udca9", "\udc2f", " ", "~", "C:", new string('x', 256)),
        ArbMap.Default.GeneratorFor<string>().Select(text => text ?? ""))
        .ListOf().Select(string.Concat);

    private static readonly Arbitrary<(StorePath From, string Text)> s_resolutions =
        (from text in s_text from start in s_text select (StorePath.Root.Resolve(start) ?? StorePath.Root, text)).ToArbitrary();

    [Fact]
    public void A_path_has_no_component_that_is_empty_or_leads_up() => Holds((_, path) =>
        path.IsRoot || path.Value[1..].Split('/').All(name => name is not ("" or "." or "..")));

    [Fact]
    public void A_path_starts_with_a_slash_and_ends_with_none() => Holds((_, path) => path.Value[0] == '/' && (path.IsRoot || path.Value[^1] != '/'));

    [Fact]
    public void A_path_holds_no_NUL_CR_or_LF_and_has_one_spelling() => Holds((_, path) =>
        path.Value.IndexOfAny(['\0', '\r', '\n']) < 0 && EscapedUtf8.IsCanonical(path.Value));

    [Fact]
    public void A_path_keeps_the_limits() => Holds((_, path) =>
        path.Value.Length <= StorePath.MaxLength && path.Value[1..].Split('/') is var names && names.Length <= StorePath.MaxDepth
        && names.All(name => EscapedUtf8.GetBytes(name).Length <= StorePath.MaxNameBytes));

    [Fact]
    public void A_path_resolves_to_itself_from_anywhere() => Holds((from, path) =>
        path.Resolve(path.Value) == path && from.Resolve(path.Value) == path && StorePath.Root.Resolve(path.Value) == path && path.Resolve("") == path && path.Resolve(".") == path);

    [Fact]
    public void A_path_is_its_parent_and_its_name() => Holds((_, path) => path.IsRoot ? path.Parent.IsRoot : path.Parent.Child(path.Name) == path);

    [Fact]
    public void Up_from_a_path_is_its_parent() => Holds((_, path) => path.Resolve("..") == path.Parent);

    [Fact]
    public void A_path_lies_within_itself_and_all_its_parents_and_no_parent_within_it() => Holds((_, path) =>
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
    public void Within_means_that_the_components_begin_alike() => Holds((from, path) =>
        path.IsWithin(from) == Components(path).Take(Components(from).Length).SequenceEqual(Components(from)));

    [Fact]
    public void Equal_paths_have_equal_hashes() => Holds((_, path) => StorePath.Root.Resolve(path.Value) is { } same && same.GetHashCode() == path.GetHashCode() && same.Equals((object)path));

    private static string[] Components(StorePath path) => path.IsRoot ? [] : path.Value[1..].Split('/');

    /// <summary>Most texts resolve; those that do not are refusals, and have nothing to hold.</summary>
    private static void Holds(Func<StorePath, StorePath, bool> property) => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(2000).WithQuietOnSuccess(true),
        Prop.ForAll(s_resolutions, sample => sample.From.Resolve(sample.Text) is not { } path || property(sample.From, path)));
}
