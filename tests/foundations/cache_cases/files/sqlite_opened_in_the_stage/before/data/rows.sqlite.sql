create table rows (a); insert into rows values (1);
