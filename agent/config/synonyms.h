/* SPDX-License-Identifier: MIT */
/*
 * synonyms - what people and other systems call the keys of a config
 */
#ifndef TARE_CONFIG_SYNONYMS_H
#define TARE_CONFIG_SYNONYMS_H

/*
 * What to write instead of a key that the table of the schema with that path
 * does not have, after "unknown key; ", or NULL: it is no such word.
 */
const char *synonym_advice(const char *table, const char *key);

#endif
