// The civil calendar as integer arithmetic (proleptic Gregorian), for days counted from 1970-01-01. No Date object, so it may
// run once a record. Method: count years from 1 March, so that the leap day is the last of its year.

const DAYS_BEFORE_MARCH_YEAR_0 = 719468;
const DAYS_IN_400_YEARS = 146097;

/**
 * The civil date of a day.
 * @param day days since 1970-01-01, 0 to 2932896 (9999-12-31)
 * @returns year * 10000 + month * 100 + day of the month: 19700101 to 99991231
 */
export function civilDate(day: number): number {
  const shifted = day + DAYS_BEFORE_MARCH_YEAR_0;
  const era = Math.floor(shifted / DAYS_IN_400_YEARS);
  const dayOfEra = shifted - era * DAYS_IN_400_YEARS;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return year * 10000 + month * 100 + dayOfMonth;
}
