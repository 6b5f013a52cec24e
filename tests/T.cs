namespace PasientensMaledata.Tests; public class T { [Fact] public void A() => Assert.True(DateTime.UtcNow.Year > 1); }
