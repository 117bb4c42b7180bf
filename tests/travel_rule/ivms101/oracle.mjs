// Ask npm's ivms101: a list of {call, edition, payload} on stdin, a list of answers on stdout.
import { readFileSync } from "node:fs";
import { isValidIVMS101_2023 } from "ivms101";
import { convertFrom2023, convertTo2023, isValidIVMS101_2020 } from "ivms101/legacy";

const calls = {
  valid: ({ edition, payload }) => (edition === "2020" ? isValidIVMS101_2020 : isValidIVMS101_2023)(payload),
  convert: ({ edition, payload }) => (edition === "2020" ? convertFrom2023 : convertTo2023)(payload),
};
const asked = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(asked.map((one) => calls[one.call](one))));
