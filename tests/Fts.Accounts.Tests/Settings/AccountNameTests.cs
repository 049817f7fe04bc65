using Fts.Accounts.Settings;

namespace Fts.Accounts.Tests.Settings;

public sealed class AccountNameTests
{
    [Theory]
    [InlineData("anna"), InlineData("Anna B"), InlineData("anna@example.org")]
    [InlineData("größe"), InlineData("a.b-c_d"), InlineData("名前")]
    public void Names_that_can_be_directories_are_valid(string name)
    {
        Assert.Null(AccountName.FindProblem(name));
        Assert.Equal($"/srv/{name}/in", DirectoryTemplate.Expand("/srv/%u/in", name));
    }

    [Theory]
    [InlineData("", "must not be empty")]
    [InlineData(".", "must not begin with a space, dot or hyphen, or end with a space or dot")]
    [InlineData("..", "must not begin with a space, dot or hyphen, or end with a space or dot")]
    [InlineData("-x", "must not begin with a space, dot or hyphen, or end with a space or dot")]
    [InlineData("x ", "must not begin with a space, dot or hyphen, or end with a space or dot")]
    [InlineData("../etc", "must not contain '/'")]
    [InlineData("a\\b", "must not contain '\\'")]
    [InlineData("a:b", "must not contain ':'")]
    [InlineData("a\0b", "must not contain control characters")]
    [InlineData("a\nb", "must not contain control characters")]
    [InlineData("a\u202Eb", "must not contain control characters")]
    [InlineData("\uD800", "must be valid Unicode text")]
    public void Other_names_are_refused(string name, string problem)
    {
        Assert.Equal(problem, AccountName.FindProblem(name));
        Assert.Throws<ArgumentException>(() => DirectoryTemplate.Expand("/srv/%u", name));
    }

    [Fact]
    public void The_length_is_limited_in_bytes()
    {
        Assert.Null(AccountName.FindProblem(new string('x', 64)));
        Assert.Equal("must not be longer than 64 bytes", AccountName.FindProblem(new string('x', 65)));
        Assert.Equal("must not be longer than 64 bytes", AccountName.FindProblem(new string('ä', 33)));
    }

    [Theory]
    [InlineData("/srv/ftp", "/srv/ftp")]
    [InlineData("/srv/%u", "/srv/anna")]
    [InlineData("/srv/x%u/%u", "/srv/xanna/anna")]
    [InlineData("/srv/100%%/%u", "/srv/100%/anna")]
    [InlineData("/srv/%%u", "/srv/%u")]
    public void A_template_expands_once(string template, string expected) =>
        Assert.Equal(expected, DirectoryTemplate.Expand(template, "anna"));

    [Theory]
    [InlineData("/srv/ftp", null)]
    [InlineData("/srv/%u/in", "/srv/")]
    [InlineData("/srv/x%u/%u", "/srv/x")]
    [InlineData("/srv/100%%/%u", "/srv/100%/")]
    [InlineData("/srv/%%u/%u", "/srv/%u/")]
    [InlineData("/srv/%%u", null)]
    [InlineData("/srv/%%", null)]
    public void The_text_before_the_name_of_a_template_is_expanded(string template, string? expected) =>
        Assert.Equal(expected, DirectoryTemplate.GetTextBeforeName(template));

    [Fact]
    public void A_name_with_a_percent_sign_is_not_expanded_again() => Assert.Equal("/srv/%u", DirectoryTemplate.Expand("/srv/%u", "%u"));

    [Theory]
    [InlineData("srv/%u", "must be an absolute path")]
    [InlineData("", "must be an absolute path")]
    [InlineData("/srv/%n", "must contain % only as %u (the account's name) or %%")]
    [InlineData("/srv/%", "must contain % only as %u (the account's name) or %%")]
    [InlineData("/srv/%%%", "must contain % only as %u (the account's name) or %%")]
    [InlineData("/srv/../%u", "must not contain the components . or ..")]
    [InlineData("/srv/\n", "must not contain control characters")]
    public void Other_templates_are_refused(string template, string problem) =>
        Assert.Equal(problem, DirectoryTemplate.FindProblem(template));
}
