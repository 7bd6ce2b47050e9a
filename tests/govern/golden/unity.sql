-- The account group `analyst` holds user:grace, and nobody else.
-- The account group `german` holds user:ada, user:dora, and nobody else.
-- The account group `loader` holds user:lin, and nobody else.
-- The account group `scientist` holds user:ada, user:alan, and nobody else.
CREATE OR REPLACE FUNCTION `main`.`training`.`strongroom_mask_orders_iban_102a459e`(`iban` string)
RETURNS string
RETURN CAST(NULL AS string);
CREATE OR REPLACE FUNCTION `main`.`training`.`strongroom_mask_reviews_born_614c2942`(`born` date, `label` string, `rating` int)
RETURNS date
RETURN CASE WHEN is_account_group_member('scientist') THEN NULL WHEN (is_account_group_member('analyst') AND ((`label` <> 'neutral') AND (`rating` >= 3))) THEN CASE WHEN is_account_group_member('analyst') THEN CAST(date_trunc('YEAR', `born`) AS date) ELSE `born` END ELSE NULL END;
CREATE OR REPLACE FUNCTION `main`.`training`.`strongroom_mask_reviews_email_2c28ad95`(`email` string, `label` string, `rating` int)
RETURNS string
RETURN CASE WHEN is_account_group_member('scientist') THEN NULL WHEN (is_account_group_member('analyst') AND ((`label` <> 'neutral') AND (`rating` >= 3))) THEN CASE WHEN is_account_group_member('analyst') THEN concat(regexp_replace(regexp_replace(substring(`email`, 1, greatest(0, char_length(`email`) - 4)), '[^0-9(),.@-]', 'x'), '[0-9]', 'n'), right(`email`, 4)) ELSE `email` END ELSE NULL END;
CREATE OR REPLACE FUNCTION `main`.`training`.`strongroom_rows_orders_2cbfa05a`(`country` string)
RETURNS BOOLEAN
RETURN is_account_group_member('scientist') OR (is_account_group_member('german') AND (`country` = 'DE')) OR is_account_group_member('loader');
CREATE OR REPLACE FUNCTION `main`.`training`.`strongroom_rows_reviews_c8027141`(`label` string, `rating` int)
RETURNS BOOLEAN
RETURN is_account_group_member('scientist') OR (is_account_group_member('analyst') AND ((`label` <> 'neutral') AND (`rating` >= 3)));
ALTER TABLE `main`.`training`.`orders` ALTER COLUMN `iban` SET MASK `main`.`training`.`strongroom_mask_orders_iban_102a459e`;
ALTER TABLE `main`.`training`.`reviews` ALTER COLUMN `born` SET MASK `main`.`training`.`strongroom_mask_reviews_born_614c2942` USING COLUMNS (`label`, `rating`);
ALTER TABLE `main`.`training`.`reviews` ALTER COLUMN `email` SET MASK `main`.`training`.`strongroom_mask_reviews_email_2c28ad95` USING COLUMNS (`label`, `rating`);
ALTER TABLE `main`.`training`.`orders` SET ROW FILTER `main`.`training`.`strongroom_rows_orders_2cbfa05a` ON (`country`);
ALTER TABLE `main`.`training`.`reviews` SET ROW FILTER `main`.`training`.`strongroom_rows_reviews_c8027141` ON (`label`, `rating`);
GRANT MODIFY ON TABLE `main`.`training`.`orders` TO `loader`;
GRANT SELECT ON TABLE `main`.`training`.`orders` TO `german`;
GRANT SELECT ON TABLE `main`.`training`.`orders` TO `loader`;
GRANT SELECT ON TABLE `main`.`training`.`orders` TO `scientist`;
GRANT SELECT ON TABLE `main`.`training`.`reviews` TO `analyst`;
GRANT SELECT ON TABLE `main`.`training`.`reviews` TO `scientist`;
GRANT USE CATALOG ON CATALOG `main` TO `analyst`;
GRANT USE CATALOG ON CATALOG `main` TO `german`;
GRANT USE CATALOG ON CATALOG `main` TO `loader`;
GRANT USE CATALOG ON CATALOG `main` TO `scientist`;
GRANT USE SCHEMA ON SCHEMA `main`.`training` TO `analyst`;
GRANT USE SCHEMA ON SCHEMA `main`.`training` TO `german`;
GRANT USE SCHEMA ON SCHEMA `main`.`training` TO `loader`;
GRANT USE SCHEMA ON SCHEMA `main`.`training` TO `scientist`;
