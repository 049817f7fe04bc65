using System.Collections.Frozen;

namespace Fts.Protocol.Listings.Fields;

/// <summary>
/// Recognises month names and abbreviations in many languages. If two languages use one word for different months, the more common language
/// applies.
/// </summary>
internal static class MonthNames
{
    /// <summary>
    /// The names of each month in English, German, French, Spanish, Portuguese, Italian, Romanian, Catalan, Dutch, the Nordic and Baltic
    /// languages, Hungarian, Polish, Czech, Slovenian, Russian, Ukrainian, Greek, Turkish, Chinese, Japanese and Korean.
    /// </summary>
    private static readonly string[] Spellings =
    [
        "jan january januar januari jän jänner janv janvier ene enero janeiro gen gennaio gener ian ianuarie janúar tammi tammikuu " +
            "jaan sau január led leden sty янв январь января січ ιαν oca ocak 1月 一月 1월",
        "feb february februar februari febr févr fév fevr fev fbro febrero fevereiro febbraio febrer februarie helmi helmikuu veebr " +
            "vas február úno únor lut luty фев февр февраль февраля лют φεβ şub şubat 2月 二月 2월",
        "mar march mär märz mrz mars mzo marzo março març martie mrt maart maalis maaliskuu märts marts kov márc március bře březen " +
            "marzec мар март марта бер μαρ μάρ mart 3月 三月 3월",
        "apr april avr avril ab abr abril aprile aprilie huhti huhtikuu aprīlis bal ápr április dub duben kwi kwiecień апр апрель " +
            "апреля кві απρ nis nisan 4月 四月 4월",
        "may mai mei maj mayo maio mag maggio maig maí touko toukokuu maijs geg máj május kvě květen май мая тра μαϊ μαΐ μάι mayıs " +
            "5月 五月 5월",
        "jun june juni juin junio junho giu giugno juny iun iunie jún júní kesä kesäkuu juuni jūn birž bir június čen čer červ čvn " +
            "červen cze czerwiec июн июнь июня чер ιουν haz haziran 6月 六月 6월",
        "jul july juli juil juillet jui julio julho lug luglio juliol iul iulie júl júlí heinä heinäkuu juuli jūl lie július čec čvc " +
            "červenec lip lipiec июл июль июля лип ιουλ tem temmuz 7月 七月 7월",
        "aug august augustus août aoû aout agto ago agosto ag agost ágú elo elokuu rgp augusztus srp srpen sie sierpień avg авг " +
            "август августа сер αυγ αύγ ağu ağustos 8月 八月 8월",
        "sep sept september septembre sbre septiembre setiembre set setembro settembre setembre septembrie syys syyskuu rgs rugs " +
            "szept szeptember zář září wrz wrzesień сен сент сентябрь сентября вер σεπ eyl eylül 9月 九月 9월",
        "oct october okt oktober octobre obre octubre out outubro ott ottobre octombrie október loka lokakuu spa spal říj říjen paź " +
            "paz październik окт октябрь октября жов οκτ eki ekim 10月 十月 10월",
        "nov november novembre nbre noviembre novembro noi noiembrie nóv nóvember marras marraskuu lap lapkr lis listopad ноя нояб " +
            "ноябрь ноября νοε νοέ kas kasım 11月 十一月 11월",
        "dec december déc décembre dbre dez dezember dezembro dic diciembre dicembre des desembre decembrie desember joulu joulukuu " +
            "dets grd gruod pro prosinec gru grudzień дек декабрь декабря гру δεκ ara aralık 12月 十二月 12월",
    ];

    private static readonly FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> Months = GetAll()
        .ToFrozenDictionary(pair => pair.Word, pair => pair.Month, StringComparer.OrdinalIgnoreCase)
        .GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Returns all names with their month, from 1 to 12.</summary>
    public static IEnumerable<(string Word, int Month)> GetAll() =>
        Spellings.SelectMany((line, index) => line.Split(' ').Select(word => (word, index + 1)));

    /// <summary>
    /// Returns the month, from 1 to 12, or -1 if the word is not a month. Dots and commas after the word are ignored. Names in encodings
    /// other than UTF-8 are recognised by their bytes.
    /// </summary>
    public static int Find(ReadOnlySpan<char> word)
    {
        word = word is [.., '.' or ','] ? word.TrimEnd(".,") : word;
        // Numbers are the most common words before a date, so they are excluded before the lookup.
        if (word.IsEmpty || (char.IsAsciiDigit(word[0]) && char.IsAsciiDigit(word[^1])))
        {
            return -1;
        }

        if (Months.TryGetValue(word, out int month))
        {
            return month;
        }

        if (char.IsAsciiDigit(word[^1]))
        {
            return FindNumberedMonth(word);
        }

        return System.Text.Ascii.IsValid(word) ? -1 : LegacyEncodings.FindMonth(word);
    }

    /// <summary>
    /// Returns the month if the word is a month name followed by the number of the month, as in "jul07". The numbers may start at 0 or 1.
    /// Returns -1 for other words.
    /// </summary>
    private static int FindNumberedMonth(ReadOnlySpan<char> word)
    {
        ReadOnlySpan<char> name = word.TrimEnd("0123456789");
        if (word.Length - name.Length > 2 || !Months.TryGetValue(name, out int month))
        {
            return -1;
        }

        int number = ListingFields.ParseNumber(word[name.Length..]);
        return number == month || number == month - 1 ? month : -1;
    }
}
